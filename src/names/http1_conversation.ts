import { ProtocolError } from "../base/errors.ts";
import { encodeHead } from "../proto/http_head.ts";
import { parseHttpResponse } from "../proto/http_response.ts";
import type { Conversation } from "./connection.ts";
import type { Query } from "./exchange.ts";
import { type HttpsServer, MEDIA_TYPE, responseOf } from "./https.ts";

/** Octets of the longest response with its head and its chunks. */
const RESPONSE_MAX = 128 * 1024;

/** One request at a time: RFC 9112 §9.3.2 allows more, and few servers do. */
export function http1Conversation(
  { authority, path }: HttpsServer,
): Conversation {
  let seen = new Uint8Array(0);
  let waiting:
    | { query: Query; onAnswer: (response: Uint8Array | ProtocolError) => void }
    | undefined;
  const takeResponse = (ended: boolean): ProtocolError | undefined => {
    const progress = parseHttpResponse(seen, ended);
    if (progress instanceof ProtocolError) return progress;
    if (progress === "more") {
      return seen.length > RESPONSE_MAX
        ? new ProtocolError("http", "The response does not end")
        : undefined;
    }
    seen = seen.slice(progress.length);
    waiting?.onAnswer(responseOf(progress.value, waiting.query));
    waiting = undefined;
    return undefined;
  };
  return {
    mayAsk: (waiting) => waiting === 0,
    ask(query, onAnswer) {
      waiting = { query, onAnswer };
      const head = encodeHead([
        `POST ${path} HTTP/1.1`,
        `Host: ${authority}`,
        `Accept: ${MEDIA_TYPE}`,
        `Content-Type: ${MEDIA_TYPE}`,
        `Content-Length: ${query.octets.length}`,
      ]);
      const octets = new Uint8Array(head.length + query.octets.length);
      octets.set(head);
      octets.set(query.octets, head.length);
      // The answer comes all the same, and in its turn.
      return { octets, forget: () => {} };
    },
    take(octets) {
      const all = new Uint8Array(seen.length + octets.length);
      all.set(seen);
      all.set(octets, seen.length);
      seen = all;
      return takeResponse(false);
    },
    end: () => void takeResponse(true),
  };
}
