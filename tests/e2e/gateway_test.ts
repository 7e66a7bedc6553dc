import { assert, assertEquals } from "@std/assert";
import {
  BEHIND,
  type GatewayNet,
  LAN,
  layGateway,
  ROUTER,
  startGateway,
} from "../support/gateway.ts";
import { type Namespace, netnsTest } from "../support/netns.ts";
import { hashTarget, octetSource } from "../support/targets.ts";

const OCTETS = 4 * 1024 * 1024;

const NAMES = ["lan", "router", "server"] as const;

netnsTest(
  "A host behind the router sends and gets every octet, with a good checksum in each of its segments",
  NAMES,
  async (net) => {
    await layGateway(net);
    await joinByWire(net);
    await using tungo = await startGateway(net, 65_535);
    using _target = await hashTarget(net.server, BEHIND);
    await sendAndGet(net);

    assertEquals(await counter(net.lan, "TcpInCsumErrors"), 0);
    tungo.kill("SIGUSR2");
    const { stderr } = await tungo.stop();
    assert(!stderr.includes("tcp.checksum"), stderr);
  },
  ["ethtool", "nstat"],
);

netnsTest(
  "A path that becomes narrower is found by what the router says, and nothing is lost [RFC 1191]",
  NAMES,
  async (net) => {
    await layGateway(net);
    await joinByWire(net);
    await using _tungo = await startGateway(net, 1500);
    using _target = await hashTarget(net.server, BEHIND);
    await sendAndGet(net, async () => {
      await net.router.ip("link set eth1 mtu 1200");
    });
    // Not by guessing: the router has said so.
    const said = await counter(net.router, "IcmpOutDestUnreachs");
    assert(said > 0, `${said} errors`);
  },
  ["ethtool", "nstat"],
);

netnsTest(
  "A host behind a wire that loses and copies segments gets every octet",
  NAMES,
  async (net) => {
    await layGateway(net);
    await joinByWire(net);
    await makeBad(net);
    await using _tungo = await startGateway(net, 1500);
    using _target = await hashTarget(net.server, BEHIND);
    await sendAndGet(net);
    const again = await counter(net.lan, "TcpRetransSegs");
    assert(again > 0, `${again} segments sent again`);
  },
  ["ethtool", "nft", "nstat"],
);

/** A veth that hands over segment by segment, each with its checksum, as a wire does. */
async function joinByWire({ lan, router, cable }: GatewayNet): Promise<void> {
  await cable(
    { in: "lan", device: "eth0", addresses: [`${LAN}/24`] },
    { in: "router", device: "eth1", addresses: [`${ROUTER}/24`] },
  );
  await lan.ip(`route add default via ${ROUTER}`);
  const off = ["tso", "gso", "gro", "tx"].flatMap((what) => [what, "off"]);
  await lan.run("ethtool", "-K", "eth0", ...off);
  await router.run("ethtool", "-K", "eth1", ...off);
}

/** Of all segments 2 % are lost, both ways, and 2 % of those from `lan` come twice. */
async function makeBad({ lan, router }: GatewayNet): Promise<void> {
  const some = "meta l4proto tcp numgen random mod 100 < 2";
  const lose = (device: string) =>
    `chain in { type filter hook ingress device ${device} priority 0; ${some} drop; }`;
  const copy =
    `chain out { type filter hook egress device eth0 priority 0; ${some} dup to eth0; }`;
  // A sender hears of what is lost at its own egress, so it is lost at the other end.
  await router.run("nft", `table netdev bad { ${lose("eth1")}\n}`);
  await lan.run("nft", `table netdev bad { ${lose("eth0")}\n${copy}\n}`);
}

/** Sends OCTETS, and reads their sum and as many in return; `midway` runs when half of these have come. */
async function sendAndGet(
  { lan }: GatewayNet,
  midway: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  using connection = await lan.inside(() => Deno.connect(BEHIND));
  const { octets, sha256 } = octetSource(OCTETS);
  for await (const piece of octets) {
    for (let at = 0; at < piece.length;) {
      at += await connection.write(piece.subarray(at));
    }
  }
  await connection.closeWrite();
  const digest = await readExactly(connection, 64);
  assertEquals(new TextDecoder().decode(digest), sha256());
  await readPattern(connection, 0, OCTETS / 2);
  await midway();
  await readPattern(connection, OCTETS / 2, OCTETS);
  assertEquals(await connection.read(new Uint8Array(1)), null);
}

async function readPattern(
  connection: Deno.Conn,
  from: number,
  to: number,
): Promise<void> {
  const octets = await readExactly(connection, to - from);
  assertEquals(
    octets.findIndex((octet, i) => octet !== ((from + i) & 0xff)),
    -1,
  );
}

async function readExactly(
  connection: Deno.Conn,
  length: number,
): Promise<Uint8Array> {
  const octets = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const read = await connection.read(octets.subarray(at));
    assert(read !== null, `The stream ends after ${at} octets`);
    at += read;
  }
  return octets;
}

/** What the kernel has counted, by the name that `nstat` has for it. */
async function counter(space: Namespace, name: string): Promise<number> {
  const text = await space.run("nstat", "-az", name);
  return Number(/\s(\d+)\s/.exec(text.split(name)[1] ?? "")?.[1]);
}
