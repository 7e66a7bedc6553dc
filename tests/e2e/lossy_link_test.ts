import { assert } from "@std/assert";
import type { OpenTun } from "../../src/device/open_tun.ts";
import { withChangedLibc, withoutHeaders } from "../support/changed_libc.ts";
import { DelayLine } from "../support/delay_line.ts";
import { randomOf } from "../../src/base/seeded_random.ts";
import {
  type Namespace,
  type Namespaces,
  netnsTest,
} from "../support/netns.ts";
import { startProgram } from "../support/program.ts";
import { silentLog } from "../support/silent_log.ts";
import { type Endpoint, tcpTarget } from "../support/targets.ts";

type Net = Namespaces<"lan" | "router" | "server">;

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const SECONDS = 20;
/** One way, in ms. */
const LATENCY = 25;
const LOSS = 0.02;

/** Of `server`, behind tungo: who sends to `lan` is our stack. */
const TUNGO: Endpoint = { hostname: "198.51.100.10", port: 7000 };
/** Of `router`, at its end of the link: who sends is the kernel. */
const KERNEL = {
  cubic: { hostname: "10.8.0.1", port: 7001 },
  reno: { hostname: "10.8.0.1", port: 7002 },
} satisfies Record<string, Endpoint>;

netnsTest(
  "Our stack has no less than 90 % of the goodput of the kernel's CUBIC and NewReno over a link of 50 ms that loses 2 % [RFC 8985]",
  ["lan", "router", "server"],
  (net) =>
    withChangedLibc(withoutHeaders, async (openTun) => {
      await lay(net);
      await using _line = await join(net, openTun);
      await using _tungo = await startTungo(net);
      using _server = await source(net.server, TUNGO);
      using _cubic = await source(net.router, KERNEL.cubic);
      using _reno = await source(net.router, KERNEL.reno);
      // All at once: the link has no rate that they would share.
      const [ours = 0, cubic = 0, reno = 0] = await Promise.all(
        [TUNGO, KERNEL.cubic, KERNEL.reno].map((from) => goodput(net, from)),
      );
      const said = await net.router.run("ss", "-tinH", "sport", "=", "7001");
      assert(said.includes("cubic"), said);
      const figures = `${ours}, CUBIC ${cubic}, NewReno ${reno} Mbit/s`;
      // deno-lint-ignore no-console -- figures to be read
      console.log(figures);
      assert(ours >= 0.9 * Math.max(cubic, reno), figures);
    }),
  ["ss"],
);

/** In Mbit/s, the median of one connection for each seed. */
async function goodput(net: Net, from: Endpoint): Promise<number> {
  const connections = await net.lan.inside(() =>
    Promise.all(SEEDS.map(() => Deno.connect(from)))
  );
  const all = await Promise.all(connections.map(octetsIn));
  const [median = 0] = all.sort((a, b) => a - b).slice(SEEDS.length >> 1);
  return 8 * median / 1e6 / SECONDS;
}

async function octetsIn(connection: Deno.Conn): Promise<number> {
  const timer = setTimeout(() => connection.close(), 1000 * SECONDS);
  const buffer = new Uint8Array(65_536);
  let octets = 0;
  try {
    for (;;) octets += await connection.read(buffer) ?? 0;
  } catch {
    clearTimeout(timer);
  }
  return octets;
}

/** Sends for as long as somebody reads. */
function source(space: Namespace, where: Endpoint): Promise<Disposable> {
  const octets = new Uint8Array(65_536);
  return tcpTarget(space, where, async (connection) => {
    for (;;) await connection.write(octets);
  });
}

async function lay({ router, server, cable }: Net): Promise<void> {
  await cable(
    { in: "router", device: "eth0", addresses: ["10.0.0.1/24"] },
    { in: "server", device: "eth0", addresses: ["10.0.0.2/24"] },
  );
  await server.ip(`addr add ${TUNGO.hostname}/32 dev lo`);
  await router.ip("route add default via 10.0.0.2");
  await router.sysctl("net.ipv4.ip_forward", 1);
}

/** The link from `lan` to `router`, which sends by CUBIC or NewReno as the port says. */
async function join(
  { lan, router }: Net,
  openTun: OpenTun,
): Promise<DelayLine> {
  const tun = { name: "line0", mtu: 1500, log: silentLog };
  const near = await lan.inside(() => openTun(tun));
  const far = await router.inside(() => openTun(tun));
  await lan.ip("addr add 10.8.0.2/24 dev line0");
  await lan.ip("route add default via 10.8.0.1");
  await router.ip("addr add 10.8.0.1/24 dev line0");
  for (const [control, { port }] of Object.entries(KERNEL)) {
    await router.ip(`rule add sport ${port} table ${port}`);
    const route = `10.8.0.0/24 dev line0 congctl ${control} table ${port}`;
    await router.ip(`route add ${route}`);
  }
  return new DelayLine([near, far], { latency: LATENCY, loses: seededLoss() });
}

/** The n-th connection to an endpoint has the n-th seed. */
function seededLoss(): (octets: Uint8Array) => boolean {
  const randoms = new Map<string, () => number>();
  const connections = new Map<string, number>();
  return (octets) => {
    const view = new DataView(octets.buffer);
    if (view.getUint8(9) !== 6) return false;
    const from = `${view.getUint32(12)} ${view.getUint16(20)}`;
    const to = `${view.getUint32(16)} ${view.getUint16(22)}`;
    const direction = `${from} ${to}`;
    let random = randoms.get(direction);
    if (random === undefined) {
      const nth = connections.get(to) ?? 0;
      connections.set(to, nth + 1);
      random = randomOf(nth);
      randoms.set(direction, random);
      randoms.set(`${to} ${from}`, randomOf(1000 + nth));
    }
    return random() < LOSS;
  };
}

async function startTungo({ router }: Net): Promise<AsyncDisposable> {
  const run = await Deno.makeTempDir();
  const service =
    "tungo://:0?net=192.168.123.1/24&mtu=1500&route=198.51.100.0/24&interface=eth0";
  const resolvConf = `${run}/resolv.conf`;
  await Deno.writeTextFile(resolvConf, "");
  const program = startProgram(router, {
    args: ["-L", service],
    run,
    resolvConf,
  });
  await program.line("service.device");
  return {
    async [Symbol.asyncDispose]() {
      await program.stop();
      await Deno.remove(run, { recursive: true });
    },
  };
}
