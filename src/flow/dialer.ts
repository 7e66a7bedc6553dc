import type { Millis } from "../base/clock.ts";
import type { Target } from "./flow.ts";
import type { ByteStream, DatagramChannel } from "./stream.ts";

/** A stream to a target. Octets may be written as soon as it is here; `answered` says when, or that not, the far side agreed. */
export interface Upstream extends ByteStream {
  /** Rejects with a DialError. Some relays answer only with the first octets, so nobody may wait for it without a bound. */
  readonly answered: Promise<void>;
  /** How long `answered` is worth waiting for, in ms from now; Infinity where the far side is known to answer before it has octets. */
  readonly patience: Millis;
  /** To the far side, as its opening took it. */
  readonly roundTrip: Millis;
}

/** Whatever can reach a target: direct, a hop, a chain. */
export interface Dialer {
  /** Rejects with a DialError. */
  dialStream(target: Target): Promise<Upstream>;
  /** Rejects with a DialError. */
  dialDatagram(target: Target): Promise<DatagramChannel>;
  /** Gets ready what any target needs, for a dial that will probably follow. Says nothing where it fails: the dial will. */
  prepare?(): void;
}
