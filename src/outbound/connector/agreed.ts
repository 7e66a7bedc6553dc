import { DialError, type ProtocolError } from "../../base/errors.ts";
import type { Upstream } from "../../flow/dialer.ts";
import { type ByteStream, READY } from "../../flow/stream.ts";
import { wrapStream } from "../../flow/wrap.ts";
import type { Carrier } from "../contracts.ts";

/** The stream to a target that the node has agreed to already; takes `stream` over. */
export function agreed(stream: ByteStream, { roundTrip }: Carrier): Upstream {
  return wrapStream(stream, { answered: READY, patience: 0, roundTrip });
}

/** The protocol has no way to ask for this. */
export function unsupported(error: ProtocolError): DialError {
  return new DialError("unsupported", error.message, { cause: error });
}
