import type { Millis } from "../base/clock.ts";
import type { Dialer, Upstream } from "../flow/dialer.ts";
import type { Target } from "../flow/flow.ts";
import type { Association } from "./association.ts";
import type { ByteStream, DatagramChannel } from "../flow/stream.ts";

/** A stream to a node. */
export interface Carrier extends ByteStream {
  /** To the node, as its opening took it. */
  readonly roundTrip: Millis;
  /** The node has named itself as one of ours: it answers at once and marks its ends. */
  readonly isTungo: boolean;
  /** What TLS's ALPN has agreed on, if anything. */
  readonly alpn?: string;
  /** The connector's `greet` has been through. */
  readonly greeted?: true;
}

/** Opens a carrier (tcp, tls, ws, wss) to its node through `base`. Knows no target. GOST's "dialer". Rejects with a DialError. */
export interface Transport {
  (base: Dialer, signal: AbortSignal): Promise<Carrier>;
  /** Has a carrier ready for a call that will probably follow. */
  readonly prepare?: (base: Dialer) => void;
}

/** Asks the node at the far end of `carrier` for a target, and takes `carrier` over. GOST's "connector". Rejects with a DialError; dropping `carrier` is the caller's then. */
export interface Connector {
  connectStream(carrier: Carrier, target: Target): Promise<Upstream>;
  /** Rejects with "streams-only" where the node has no datagrams. */
  connectDatagram(carrier: Carrier, target: Target): Promise<DatagramChannel>;
  /**
   * Settles with the node what needs no target, so that a carrier that waits has it behind it. Connecting does it where nobody
   * has. Rejects with a DialError.
   */
  readonly greet?: (carrier: Carrier, signal: AbortSignal) => Promise<void>;
  /** The protocol has no datagrams: nobody need ask. */
  readonly streamsOnly?: true;
  /**
   * Asks for datagrams to and from any target, for the flows of one source. Rejects with a DialError, "unsupported" where the
   * node has no such thing; each flow is asked for on its own then. Absent where the protocol has none.
   */
  readonly associate?: (
    carrier: Carrier,
    target: Target,
  ) => Promise<Association>;
}
