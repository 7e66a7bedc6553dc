import type { Dialer, Upstream } from "../flow/dialer.ts";
import type { Target } from "../flow/flow.ts";
import type { ByteStream, DatagramChannel } from "../flow/stream.ts";

/** Opens a carrier (tcp, tls, ws, wss) to its node through `base`. Knows no target. GOST's "dialer". Rejects with a DialError that names the node. */
export type Transport = (
  base: Dialer,
  signal: AbortSignal,
) => Promise<ByteStream>;

/** Asks the node at the far end of `carrier` for a target, and takes `carrier` over. GOST's "connector". Rejects with a DialError. */
export interface Connector {
  connectStream(carrier: ByteStream, target: Target): Promise<Upstream>;
  connectDatagram(
    carrier: ByteStream,
    target: Target,
  ): Promise<DatagramChannel>;
}
