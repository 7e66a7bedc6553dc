import { DialError, type ProtocolError } from "../../base/errors.ts";
import type { Upstream } from "../../flow/dialer.ts";
import { type ByteStream, READY } from "../../flow/stream.ts";
import { wrapStream } from "../../flow/wrap.ts";
import type { Carrier } from "../contracts.ts";

/** The stream to a target that the node has agreed to already; takes `stream` over. */
export function agreed(stream: ByteStream, { roundTrip }: Carrier): Upstream {
  return wrapStream(stream, { answered: READY, patience: 0, roundTrip });
}

/**
 * What a node that refuses datagrams, or hangs up on the question, is: good for streams. For questions that name no target, so that
 * the answer is the same for all.
 */
export async function orStreamsOnly<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (cause) {
    const isRefusal = cause instanceof DialError &&
      cause.kind !== "auth" && cause.kind !== "timeout";
    if (!isRefusal) throw cause;
    const message = `The node carries no datagrams: ${cause.message}`;
    throw new DialError("streams-only", message, { cause });
  }
}

/** The protocol has no way to ask for this. */
export function unsupported(error: ProtocolError): DialError {
  return new DialError("unsupported", error.message, { cause: error });
}
