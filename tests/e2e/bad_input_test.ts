import { assertEquals, assertMatch } from "@std/assert";
import { bedTest, HOP, networkOf, TUNGO } from "../support/bed.ts";

const HIDE_TUN = [
  "sh",
  "-c",
  'mount -t tmpfs tmpfs /dev/net && exec "$@"',
  "sh",
];
/** In all the places where ip may be. */
const HIDE_PROGRAMS = [
  "sh",
  "-c",
  'mount -t tmpfs tmpfs /usr/sbin && mount -t tmpfs tmpfs /usr/bin && exec "$@"',
  "sh",
];
const NO_PRIVILEGE = ["setpriv", "--bounding-set=-net_admin"];

/** What stops the program, how it says so, and with which remedy. */
const FAILURES: readonly {
  readonly title: string;
  readonly args?: readonly string[];
  readonly by?: readonly string[];
  readonly expected: RegExp;
  readonly code: number;
}[] = [
  {
    title: "/dev/net/tun is missing",
    by: HIDE_TUN,
    expected:
      /^error: Cannot open "\/dev\/net\/tun": ENOENT\nLoad the driver \(modprobe tun\)/m,
    code: 1,
  },
  {
    title: "it may not make a device",
    by: NO_PRIVILEGE,
    expected:
      /^error: Cannot make the device "tungo": EPERM\nRun tungo as root, or give it CAP_NET_ADMIN/m,
    code: 1,
  },
  {
    title: "there is no ip command",
    by: HIDE_PROGRAMS,
    expected: /^error: .*ip.*\n.*iproute2/m,
    code: 1,
  },
  {
    title: "the name of the device belongs to another kind of device",
    args: ["-L", "tungo://:0?name=eth1", "-F", HOP],
    expected:
      /^error: Cannot make the device "eth1": another kind of interface has this name \(EINVAL\)\nChoose another name=/m,
    code: 1,
  },
  {
    title: "an address is none",
    args: ["-L", "tungo://:0?net=192.168.123.1/33", "-F", HOP],
    expected: /^error: .*192\.168\.123\.1\/33/m,
    code: 2,
  },
  {
    title: "an option is none",
    args: ["-L", TUNGO, "-X"],
    expected: /^error: .*-X/m,
    code: 2,
  },
  {
    title: "a file is missing",
    args: ["-C", "/run/none.yaml"],
    expected: /^error: .*\/run\/none\.yaml/m,
    code: 2,
  },
  {
    title: "a certificate is missing",
    args: [
      "-L",
      "relay+wss://:8443?certFile=/run/none.pem&keyFile=/run/none.pem",
    ],
    expected: /^error: .*\/run\/none\.pem/m,
    code: 2,
  },
];

for (const { title, args, by, expected, code } of FAILURES) {
  bedTest(
    `tungo says what would do, and touches nothing, when ${title}`,
    async (bed) => {
      const before = await networkOf(bed);
      const command = args ?? ["-L", TUNGO, "-F", HOP];
      const program = bed.start("client", command, by);
      const ended = await program.ended;
      assertMatch(ended.stderr, expected);
      assertEquals(ended.code, code);
      assertEquals(await networkOf(bed), before);
    },
  );
}

bedTest("tungo names the program that holds its device's name", async (bed) => {
  const first = await bed.tungo("-L", TUNGO, "-F", HOP);
  const second = await bed.start("client", ["-L", TUNGO, "-F", HOP]).ended;
  assertEquals(second.code, 1);
  const user = `in use by \\S+ \\(process ${first.pid}\\)`;
  assertMatch(second.stderr, new RegExp(user));
  assertEquals((await first.stop()).code, 0);
});

bedTest(
  "tungo tells all that is wrong with a file at once, each with its place",
  async (bed) => {
    const before = await networkOf(bed);
    await Deno.writeTextFile(
      `${bed.run}/config.yaml`,
      `services:
- name: service-0
  addr: :0
  handler:
    type: tungo
    chain: chain-1
    metadata:
      udpTimeout: 30 parsecs
  listener:
    type: tungo
    metadata:
      net: 192.168.123.300/24
      mtu: 14a
      routs: 10.0.0.0/8
chains:
- name: chain-0
  hops:
  - name: hop-0
    nodes:
    - name: node-0
      addr: 10.0.0.2:8443
      connector: { type: relay }
      dialer: { type: carrier-pigeon }
`,
    );
    const { code, stderr } = await bed.start("client", [
      "-C",
      "/run/config.yaml",
    ]).ended;
    assertEquals(code, 2);
    const places = [...stderr.matchAll(/^error: (\S+):/gm)].map(([, place]) =>
      place
    );
    assertEquals(places, [
      "/run/config.yaml:6:12",
      "/run/config.yaml:8:19",
      "/run/config.yaml:12:12",
      "/run/config.yaml:13:12",
      "/run/config.yaml:14:7",
      "/run/config.yaml:23:23",
    ]);
    assertEquals(await networkOf(bed), before);
  },
);

bedTest(
  "tungo check tells of all files what is wrong, and starts nothing",
  async (bed) => {
    const before = await networkOf(bed);
    const write = (name: string, text: string) =>
      Deno.writeTextFile(`${bed.run}/${name}.yaml`, text);
    await write(
      "service",
      "services: [{name: a, handler: {type: tungo, chain: c}, listener: {type: tungo}}]",
    );
    await write(
      "chain",
      "chains: [{name: c, hops: [{nodes: [{addr: h:1, connector: {type: relay}}]}]}]",
    );
    const check = (...names: string[]) => {
      const files = names.map((name) => `/run/${name}.yaml`);
      return bed.start("client", ["check", ...files]).ended;
    };
    const half = await check("service");
    assertEquals(half.code, 2);
    assertMatch(
      half.stderr,
      /^error: \/run\/service\.yaml:1:52: Unknown chain "c"/m,
    );
    const whole = await check("service", "chain");
    assertEquals([whole.code, whole.stderr], [0, ""]);
    assertEquals(await networkOf(bed), before);
  },
);
