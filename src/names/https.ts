import { ProtocolError } from "../base/errors.ts";
import { answers } from "../proto/dns.ts";
import type { HttpResponse } from "../proto/http_response.ts";
import type { Query } from "./exchange.ts";

export const MEDIA_TYPE = "application/dns-message";

/** Where a nameserver listens for questions by HTTPS. */
export interface HttpsServer {
  /** "dns.example", with a port where it is not 443. */
  readonly authority: string;
  /** Starts with a slash. */
  readonly path: string;
}

/** What a response says of a question. RFC 8484 §4.2. */
export function responseOf(
  { status, body }: HttpResponse,
  { question }: Query,
): Uint8Array | ProtocolError {
  if (status !== 200) {
    const what = status === 0 ? "something else than 200" : status;
    return new ProtocolError("http", `The server answered ${what}`);
  }
  if (answers(body, question)) return body.slice();
  return new ProtocolError("dns", "The server answered another question");
}
