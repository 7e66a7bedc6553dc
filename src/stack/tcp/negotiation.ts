import { TCP_HEADER, TCP_MAX_HEADER } from "../../wire/tcp.ts";
import { type SynOffer, TIMESTAMPS_LENGTH } from "../../wire/tcp_options.ts";

/** RFC 9293 §3.7.1 (MUST-15). */
const DEFAULT_MSS = { 4: 536, 6: 1220 } as const;

/** A peer that asks for less is not obeyed: it would make us burn a core on headers (CVE-2019-11479). */
const MIN_MSS = 64;

/** Our shift: windows up to 8 MiB. RFC 7323 §2.2. */
const OUR_SCALE = 7;

/** The largest IPv4 packet, less the largest headers. */
const MAX_BURST = 65_535 - 20 - TCP_MAX_HEADER;

/** What both SYNs together settle for our direction. */
export interface SendSizes {
  /** Shift of the windows that the peer sends. */
  readonly scale: number;
  /** Eff.snd.MSS: payload octets per segment, options deducted. RFC 6691. */
  readonly mss: number;
  /** Largest payload of one packet towards the device: several segments where super-packets are possible. */
  readonly burst: number;
}

/** What the two SYNs of a connection agree on. */
export interface Agreement {
  readonly sizes: SendSizes;
  /** Shift of the windows that we send, -1 without scaling. */
  readonly scale: number;
  /** Both sides report what has arrived beyond a hole. */
  readonly sack: boolean;
  readonly timestamps: boolean;
}

/** The MSS that we offer: not reduced by options. RFC 6691 §2. */
export function ourMss(version: 4 | 6, mtu: number): number {
  return mtu - (version === 4 ? 20 : 40) - TCP_HEADER;
}

/** RFC 1191 §7.1: MTUs to try where a router does not tell its own. */
const PLATEAUS = [32_000, 17_914, 8166, 4352, 2002, 1492, 1006, 576] as const;

/**
 * The MSS, options not deducted, for a path with an MTU of `mtu`, 0 when unknown, that a packet of `length` octets did not
 * fit. Never less than the default: who sends smaller ones is not obeyed (RFC 5927 §7.2).
 */
export function mssOfPath(version: 4 | 6, mtu: number, length: number): number {
  const known = mtu > 0 ? mtu : PLATEAUS.find((size) => size < length) ?? 576;
  return Math.max(DEFAULT_MSS[version], ourMss(version, known));
}

/** Largest payload of one packet that is cut at `mss` on its way. */
export function superPacket(mss: number): number {
  return MAX_BURST - MAX_BURST % mss;
}

/** What our SYN offers before the peer's is known. */
export function offer(version: 4 | 6): Agreement {
  const mss = DEFAULT_MSS[version];
  return {
    sizes: { scale: 0, mss, burst: mss },
    scale: OUR_SCALE,
    sack: true,
    timestamps: true,
  };
}

/** `peer` is the peer's SYN; everything it did not offer stays off. */
export function agree(
  peer: SynOffer,
  version: 4 | 6,
  mtu: number,
  superPackets: boolean,
): Agreement {
  const offered = peer.mss === 0
    ? DEFAULT_MSS[version]
    : Math.max(MIN_MSS, peer.mss);
  const options = peer.timestamps ? TIMESTAMPS_LENGTH : 0;
  // A segment of the largest MTU must have room for SACK, too.
  const mss = Math.min(
    Math.min(offered, ourMss(version, mtu)) - options,
    MAX_BURST,
  );
  return {
    sizes: {
      scale: Math.max(0, peer.windowScale),
      mss,
      burst: superPackets ? superPacket(mss) : mss,
    },
    scale: peer.windowScale < 0 ? -1 : OUR_SCALE,
    sack: peer.sackPermitted,
    timestamps: peer.timestamps,
  };
}
