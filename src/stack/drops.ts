import type { Malformed } from "../wire/ip_header.ts";

/** Why something that came in went nowhere. Silence is the policy for all of these; the counters are the only trace. */
export type DropReason =
  | Malformed
  /** A source or destination that no host has: RFC 1122 §3.2.1.3, RFC 4291 §2.5, §2.7. */
  | "ip.martian"
  /** Multicast, broadcast, router solicitations and the like, which a host emits unasked. */
  | "ip.multicast"
  | "ip.protocol"
  /** RFC 7112 §5. */
  | "fragment.header chain"
  | "fragment.overlap"
  | "fragment.malformed"
  | "fragment.limit"
  | "fragment.timeout"
  | "icmp.ignored"
  /** An error that changes nothing, or whose quoted packet proves nothing. RFC 5927 §4. */
  | "icmp.soft error"
  | "icmp.rate limit"
  | "tcp.header"
  | "tcp.checksum"
  | "tcp.flags"
  /** Both ends are the same, or a port is 0: what no host sends. */
  | "tcp.land"
  | "tcp.pending limit"
  | "tcp.unacceptable"
  | "tcp.old timestamp"
  | "tcp.bad ack"
  | "tcp.challenge limit"
  | "tcp.no room"
  | "udp.header"
  | "udp.checksum"
  | "udp.sessions"
  | "udp.queue"
  | "output.queue"
  /** A packet of one of our own sockets came back through the device. */
  | "own packet";

export class Drops {
  readonly #counts = new Map<DropReason, number>();

  count(reason: DropReason): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
  }

  /** What has been dropped so far. */
  counts(): ReadonlyMap<DropReason, number> {
    return this.#counts;
  }
}
