import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
} from "@std/assert";
import {
  type Bed,
  bedTest,
  CLIENT,
  DEVICE,
  FAR_END,
  HOP,
  networkOf,
  SERVER,
  SERVER1,
  TARGET4,
  TUNGO,
} from "../support/bed.ts";
import { tcpTarget, whoAsks } from "../support/targets.ts";

const WEB = { hostname: TARGET4, port: 80 };
const SOME = { hostname: TARGET4, port: 7000 };
/** Takes everything, names too. */
const ALL =
  "tungo://:0?net=192.168.123.1/24,fd00:123::1/64&route=0.0.0.0/0,::/0&dns=1.1.1.1";

function curl({ net: { client } }: Bed): Promise<string> {
  return client.run("curl", "-sS", "-m", "5", `http://${TARGET4}/`);
}

/** Waits until it holds. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!await holds()) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  bedTest(
    `tungo leaves the network as it was after ${signal} [H.2 device on close]`,
    async (bed) => {
      const before = await networkOf(bed);
      await bed.farEnd("-L", FAR_END);
      await using _web = await whoAsks(bed.net.server, WEB);
      const tungo = await bed.tungo("-L", ALL, "-F", HOP);
      assertNotEquals(await networkOf(bed), before);
      assertMatch(
        await Deno.readTextFile(bed.resolvConf),
        /^nameserver 1\.1\.1\.1$/m,
      );
      assertEquals(await curl(bed), TARGET4);
      // An open connection is no reason to stay, and is not left in the dark.
      using open = await bed.net.client.inside(() => Deno.connect(WEB));
      const end = open.read(new Uint8Array(1)).catch(({ code }) => code);

      const { code } = await tungo.stop(signal);
      assertEquals(code, 0);
      assertEquals(await end, "ECONNRESET");
      assertEquals(await networkOf(bed), before);
      assertEquals(await curl(bed), CLIENT.eth0);
    },
  );
}

bedTest(
  "after kill -9 traffic goes its old way, and the next start takes back the nameservers",
  async (bed) => {
    const before = await networkOf(bed);
    const conf = await Deno.readTextFile(bed.resolvConf);
    await bed.farEnd("-L", FAR_END);
    await using _web = await whoAsks(bed.net.server, WEB);
    const killed = await bed.tungo("-L", ALL, "-F", HOP);
    assertEquals(await curl(bed), TARGET4);
    await killed.stop("SIGKILL");
    assertEquals(await curl(bed), CLIENT.eth0);
    assertNotEquals(await Deno.readTextFile(bed.resolvConf), conf);

    const next = await bed.tungo("-L", TUNGO, "-F", HOP);
    await next.line("system.leftovers", { device: "tungo" });
    assertEquals(await Deno.readTextFile(bed.resolvConf), conf);
    await next.stop();
    assertEquals(await networkOf(bed), before);
  },
);

bedTest(
  "a device that is deleted comes back with addresses, routes and hooks, and connections live on [H.2 postUp again, K2]",
  async (bed) => {
    const { client, server } = bed.net;
    await bed.farEnd("-L", FAR_END);
    using _target = await tcpTarget(server, SOME, async (connection) => {
      await connection.readable.pipeTo(connection.writable);
    });
    const file = `${bed.run}/config.yaml`;
    await Deno.writeTextFile(
      file,
      `
services:
- name: service-0
  addr: :0
  handler: { type: tungo, chain: chain-0 }
  listener:
    type: tungo
    metadata: { net: 192.168.123.1/24, route: 198.51.100.0/24 }
  metadata:
    postUp:
    - ip route add 203.0.113.0/24 dev tungo
    - sh -c 'echo up >> /run/hooks'
    preDown:
    - sh -c 'echo down >> /run/hooks'
chains:
- name: chain-0
  hops:
  - name: hop-0
    nodes:
    - name: node-0
      addr: 10.0.0.2:8443
      connector: { type: relay, auth: { username: user, password: pass } }
      dialer: { type: wss }
`,
    );
    const tungo = await bed.tungo("-C", "/run/config.yaml");
    const hooks = () => Deno.readTextFile(`${bed.run}/hooks`).catch(() => "");
    await until(async () => await hooks() === "up\n");
    const before = await networkOf(bed);
    using connection = await client.inside(() => Deno.connect(SOME));
    const echo = async (octet: number): Promise<void> => {
      await connection.write(Uint8Array.of(octet));
      const into = new Uint8Array(1);
      await connection.read(into);
      assertEquals(into, Uint8Array.of(octet));
    };
    await echo(1);

    await client.ip("link del tungo");
    await tungo.line("device.lost");
    await until(async () => await hooks() === "up\nup\n");
    assertEquals(await networkOf(bed), before);
    await echo(2);
    await tungo.stop();
    assertEquals(await hooks(), "up\nup\ndown\n");
  },
);

bedTest("carriers are dialled again when the uplink changes", async (bed) => {
  const { client, server } = bed.net;
  await server.ip("addr add 192.0.2.1/32 dev lo");
  const farEnd = await bed.farEnd("-L", FAR_END);
  await using _web = await whoAsks(server, WEB);
  using _target = await tcpTarget(server, SOME, async (connection) => {
    await connection.readable.pipeTo(connection.writable);
  });
  const hop = "relay+wss://user:pass@192.0.2.1:8443";
  const tungo = await bed.tungo("-L", TUNGO, "-F", hop);
  using open = await client.inside(() => Deno.connect(SOME));
  await open.write(Uint8Array.of(1));
  await open.read(new Uint8Array(1));

  await client.ip(`route replace default via ${SERVER1} dev eth1`);
  const broken = await open.read(new Uint8Array(1)).catch(({ code }) => code);
  assertEquals(broken, "ECONNRESET");
  assertEquals(await curl(bed), TARGET4);

  await client.ip("link set eth1 down");
  await client.ip(`route add default via ${SERVER} dev eth0`);
  // News of the network gathers for 100 ms; until then a flow may get a carrier that was made ready on the old uplink.
  await new Promise((resolve) => setTimeout(resolve, 500));
  assertEquals(await curl(bed), TARGET4);
  await tungo.stop();
  const from = farEnd.log.filter(({ msg }) => msg === "flow.close")
    .map(({ src }) => String(src).split(":")[0]);
  assertEquals(from, [CLIENT.eth0, CLIENT.eth1, CLIENT.eth0]);
});

bedTest(
  "tungo goes round its own device where routes lead the node's address into it",
  async (bed) => {
    await bed.net.server.ip("addr add 192.0.2.1/32 dev lo");
    await bed.farEnd("-L", FAR_END);
    await using _web = await whoAsks(bed.net.server, WEB);
    const hop = "relay+wss://user:pass@192.0.2.1:8443";
    const tungo = await bed.tungo("-L", ALL, "-F", hop);
    assertEquals(await curl(bed), TARGET4);
    await tungo.line("egress.auto", { interface: "eth0" });
  },
);

bedTest(
  "tungo ends with the cause when its own connections come back through the device [K23]",
  async (bed) => {
    const { client } = bed.net;
    // A rule, which the routing table says nothing of.
    await client.ip("rule add to 192.0.2.1 lookup 100");
    const hop = "relay+wss://user:pass@192.0.2.1:8443";
    const tungo = await bed.tungo("-L", TUNGO, "-F", hop);
    await client.ip("route add default dev tungo table 100");
    await curl(bed).catch(() => {});
    const { code, stderr } = await tungo.ended;
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /Our own connection to 192\.0\.2\.1:8443 came back through the device\nGive the node interface=/,
    );
  },
);

bedTest(
  "tungo says how to end the leak where IPv4 goes through it and IPv6 does not",
  async (bed) => {
    const tungo = await bed.tungo(
      "-L",
      "tungo://:0?net=192.168.123.1/24&route=0.0.0.0/0",
      "-F",
      HOP,
    );
    const { remedy } = await tungo.line("route.ipv6");
    assertEquals(remedy, "add ::/0 to its route=");
    await tungo.stop();
    assertEquals(tungo.log.filter(({ msg }) => msg === "route.ipv6").length, 1);
  },
);

bedTest(
  "the gateway's address answers a ping, and no other does",
  async (bed) => {
    const { client } = bed.net;
    await bed.tungo("-L", `tungo://:0?${DEVICE}`, "-F", HOP);
    const ping = (address: string) =>
      client.run("ping", "-c", "1", "-W", "1", "-s", "3000", address).then(
        () => true,
        () => false,
      );
    assert(await ping("192.168.123.2"));
    assert(await ping("fd00:123::2"));
    for (const address of ["192.168.123.3", "fd00:123::3", TARGET4]) {
      assertEquals(await ping(address), false);
    }
  },
);
