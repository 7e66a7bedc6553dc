import { assert } from "@std/assert";
import type { OpenTun } from "../../src/device/open_tun.ts";
import { withChangedLibc, withoutHeaders } from "../support/changed_libc.ts";
import { DelayLine } from "../support/delay_line.ts";
import {
  BEHIND,
  type GatewayNet,
  LAN,
  layGateway,
  ROUTER,
  startGateway,
} from "../support/gateway.ts";
import { randomOf } from "../../src/base/seeded_random.ts";
import { type Namespace, netnsTest } from "../support/netns.ts";
import { silentLog } from "../support/silent_log.ts";
import { type Endpoint, tcpTarget } from "../support/targets.ts";

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const SECONDS = 20;
/** One way, in ms. */
const LATENCY = 25;
const LOSS = 0.02;

/** Of `router`, at its end of the link: who sends is the kernel. */
const KERNEL = {
  cubic: { hostname: ROUTER, port: 7001 },
  reno: { hostname: ROUTER, port: 7002 },
} satisfies Record<string, Endpoint>;

netnsTest(
  "Our stack has no less than 90 % of the goodput of the kernel's CUBIC and NewReno over a link of 50 ms that loses 2 % [RFC 8985]",
  ["lan", "router", "server"],
  (net) =>
    withChangedLibc(withoutHeaders, async (openTun) => {
      await layGateway(net);
      await using _line = await join(net, openTun);
      await using _tungo = await startGateway(net, 1500);
      using _server = await source(net.server, BEHIND);
      using _cubic = await source(net.router, KERNEL.cubic);
      using _reno = await source(net.router, KERNEL.reno);
      // All at once: the link has no rate that they would share.
      const [ours = 0, cubic = 0, reno = 0] = await Promise.all(
        [BEHIND, KERNEL.cubic, KERNEL.reno].map((from) => goodput(net, from)),
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
async function goodput(net: GatewayNet, from: Endpoint): Promise<number> {
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

/** The link from `lan` to `router`, which sends by CUBIC or NewReno as the port says. */
async function join(
  { lan, router }: GatewayNet,
  openTun: OpenTun,
): Promise<DelayLine> {
  const tun = { name: "line0", mtu: 1500, log: silentLog };
  const near = await lan.inside(() => openTun(tun));
  const far = await router.inside(() => openTun(tun));
  await lan.ip(`addr add ${LAN}/24 dev line0`);
  await lan.ip(`route add default via ${ROUTER}`);
  await router.ip(`addr add ${ROUTER}/24 dev line0`);
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
