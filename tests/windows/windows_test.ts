/** tungo on Windows, as far as Wine is Windows: the device's contract, and the whole program with real traffic. */
import { assert, assertEquals } from "@std/assert";
import { type Bed, bedTest, FAR_END, SERVER, TARGET4 } from "../support/bed.ts";
import { withChangedLibc, withoutHeaders } from "../support/changed_libc.ts";
import { netnsTest } from "../support/netns.ts";
import { silentLog } from "../support/silent_log.ts";
import { hashTarget, nameserver } from "../support/targets.ts";
import {
  prepareWine,
  startUnderWine,
  WINE_NEEDS,
  type WineProgram,
} from "../support/wine.ts";
import { pumpWintun } from "../support/wintun_pump.ts";

/** Octets each way; by one flow, and by each of a hundred. */
const TRANSFER = Number(Deno.env.get("TUNGO_WINE_TRANSFER") ?? 32 << 20);
const EACH = TRANSFER >> 8;

const WEB = { hostname: TARGET4, port: 7000 };
const SERVICE =
  "tungo://:0?name=tungo&net=192.168.123.1/24&mtu=1420&dns=1.1.1.1&route=198.51.100.0/24";
const HOP = `relay+wss://user:pass@${SERVER}:8443?interface=eth0`;

/** What the plan has for SERVICE, up to its nameserver, and what undoes that. */
const TOLD = [
  "netsh interface ipv4 set subinterface interface=tungo mtu=1420 store=active",
  "netsh interface ipv4 set interface interface=tungo metric=1 dadtransmits=0 store=active",
  "netsh interface ipv4 set address name=tungo source=static address=192.168.123.1 mask=255.255.255.0 store=active",
  "netsh interface ipv4 add route prefix=198.51.100.0/24 interface=tungo metric=0 store=active",
  "netsh interface ipv4 set dnsservers name=tungo source=static address=1.1.1.1 register=none validate=no",
];
const UNDONE =
  "reg delete HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters\\Interfaces\\{D135711B-209D-8924-8851-95E9EDF62DEA} /v NameServer /f";

netnsTest(
  "the device of Windows keeps its contract",
  ["host"],
  async ({ host }) => {
    const wine = await prepareWine();
    try {
      const args = [
        "test",
        "--frozen",
        "--no-check",
        "-A",
        "tests/windows/inside",
      ];
      const tests = startUnderWine(wine, host, { args });
      const { success } = await tests.ended;
      assert(success, await tests.output);
    } finally {
      await wine.shutDown();
    }
  },
  WINE_NEEDS,
);

windowsTest("tungo on Windows carries TCP and UDP", async (machine) => {
  const { client, server } = machine.bed.net;
  await machine.start();
  using _web = await hashTarget(server, WEB);
  using _names = await nameserver(server, TARGET4, "192.0.2.7");
  const transfer = (...more: string[]): Promise<string> =>
    client.run(
      ...[Deno.execPath(), "run", "-A", "tests/support/transfer_client.ts"],
      ...[WEB.hostname, `${WEB.port}`, ...more],
    );

  assertEquals(await transfer(`${TRANSFER}`), "ok\n");
  assertEquals(await transfer(`${EACH}`, "100"), "ok\n");
  assertEquals(
    await client.run("dig", "+short", `@${TARGET4}`, "shop.example"),
    "192.0.2.7\n",
  );
});

windowsTest(
  "tungo tells Windows what its plan says, and takes it back",
  async (machine) => {
    const tungo = await machine.start();
    assertEquals(await machine.recorded(), TOLD);
    tungo.kill("SIGINT");
    await tungo.ended;
    assertEquals(await machine.recorded(), [...TOLD, UNDONE]);
    assertEquals(await machine.adapters(), [
      "create tungo {D135711B-209D-8924-8851-95E9EDF62DEA}",
      "close tungo",
    ]);
  },
);

windowsTest(
  "tungo takes back what a killed one has left in Windows",
  async (machine) => {
    const first = await machine.start();
    first.kill("SIGKILL");
    await first.ended;
    await machine.start();
    assertEquals(await machine.recorded(), [...TOLD, UNDONE, ...TOLD]);
  },
);

interface Machine {
  readonly bed: Bed;
  /** tungo, once its device is up. */
  start(): Promise<WineProgram>;
  /** The commands that it has run. */
  recorded(): Promise<readonly string[]>;
  /** The adapters that it has made and closed. */
  adapters(): Promise<readonly string[]>;
}

/** A test with Windows on the client, whose packets a device of the kernel brings and takes. */
function windowsTest(
  title: string,
  test: (machine: Machine) => Promise<void>,
): void {
  bedTest(title, async (bed) => {
    const { client } = bed.net;
    await bed.farEnd("-L", FAR_END);
    const wine = await prepareWine();
    const folder = await Deno.makeTempDir();
    const lines = async (name: string): Promise<string[]> => {
      const text = await Deno.readTextFile(`${folder}/${name}`);
      return text.trimEnd().split(/\r?\n/);
    };
    try {
      await withChangedLibc(withoutHeaders, async (openTun) => {
        const tun = await client.inside(() =>
          openTun({ name: "tun0", mtu: 1420, log: silentLog })
        );
        await client.ip("addr add 192.168.123.1/24 dev tun0");
        await client.ip("route add 198.51.100.0/24 dev tun0");
        await using pump = await pumpWintun(tun, client);
        const env = {
          TUNGO_WINTUN_PORT: `${pump.port}`,
          TUNGO_WINTUN_LOG: `Z:${folder}/adapters`,
          TUNGO_RECORD: `Z:${folder}/commands`,
        };
        const args = ["run", "--frozen", "--no-check", "-A", "main.ts"];
        await test({
          bed,
          async start() {
            const program = startUnderWine(wine, client, {
              ...{ args: [...args, "-L", SERVICE, "-F", HOP], env },
            });
            await program.log.find("service.device", {});
            return program;
          },
          recorded: () => lines("commands"),
          adapters: () => lines("adapters"),
        });
      });
    } finally {
      await wine.shutDown();
      await Deno.remove(folder, { recursive: true });
    }
  }, WINE_NEEDS);
}
