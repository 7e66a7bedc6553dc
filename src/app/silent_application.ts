import type { Flow } from "../flow/flow.ts";
import {
  type ByteStream,
  type DatagramChannel,
  READY,
} from "../flow/stream.ts";

type Application = Pick<Flow, "signal" | "trace" | "traffic" | "reject">;

/** What a flow has for a rehearsal in place of its application: nobody hears what becomes of it. */
export function nobody(): Application {
  return {
    signal: new AbortController().signal,
    trace: [],
    traffic: { sent: 0, received: 0 },
    reject: () => {},
  };
}

/** An application that says `octets` and has nothing more to say. */
export function streamSaying(octets: Uint8Array): ByteStream {
  let left = octets;
  return {
    read(take) {
      if (left.length === 0) return Promise.resolve(false);
      take(left);
      left = new Uint8Array(0);
      return Promise.resolve(true);
    },
    write: () => READY,
    closeWrite: () => READY,
    abort: () => {},
    [Symbol.asyncDispose]: () => READY,
  };
}

export const SILENT_CHANNEL: DatagramChannel = {
  send: () => {},
  deliver: () => {},
  closed: READY,
  [Symbol.asyncDispose]: () => READY,
};
