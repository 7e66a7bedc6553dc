import { ProtocolError } from "../base/errors.ts";
import {
  hasToken,
  type HttpHead,
  httpHeadReader,
  parseStatusLine,
} from "./http_head.ts";
import type { Progress } from "./message_reader.ts";

export interface HttpResponse {
  readonly status: number;
  /** Lent where it lies. */
  readonly body: Uint8Array;
}

/** A response of HTTP/1 at the start of `octets`; `ended`: no more will come. RFC 9112 §6. */
export function parseHttpResponse(
  octets: Uint8Array,
  ended: boolean,
): Progress<HttpResponse> {
  const head = httpHeadReader().push(octets);
  if (head === "more" || head instanceof ProtocolError) return head;
  const line = parseStatusLine(head.value.startLine);
  if (line === undefined) {
    const start = JSON.stringify(head.value.startLine.slice(0, 80));
    return new ProtocolError("http", `Not a status line: ${start}`);
  }
  const rest = octets.subarray(head.length);
  const body = parseBody(rest, head.value, ended);
  if (body === "more" || body instanceof ProtocolError) return body;
  return {
    value: { status: line.status, body: body.value },
    length: head.length + body.length,
  };
}

function parseBody(
  octets: Uint8Array,
  { headers }: HttpHead,
  ended: boolean,
): Progress<Uint8Array> {
  if (hasToken(headers.get("transfer-encoding"), "chunked")) {
    return parseChunks(octets);
  }
  const given = headers.get("content-length");
  if (given === undefined) {
    return ended ? { value: octets, length: octets.length } : "more";
  }
  const length = /^\d{1,9}$/.test(given) ? Number(given) : NaN;
  if (Number.isNaN(length)) {
    return new ProtocolError("http", "Content-Length is no number");
  }
  if (octets.length < length) return "more";
  return { value: octets.subarray(0, length), length };
}

/** Without trailers. RFC 9112 §7.1. */
function parseChunks(octets: Uint8Array): Progress<Uint8Array> {
  const body: number[] = [];
  for (let at = 0;;) {
    const end = octets.indexOf(0x0a, at);
    if (end < 0) return "more";
    const line = String.fromCharCode(...octets.subarray(at, end).slice(0, 16));
    const size = /^([0-9a-f]{1,6})[\s;]*/i.exec(line)?.[1];
    if (size === undefined) {
      return new ProtocolError("http", "A chunk has no size");
    }
    const start = end + 1;
    const next = start + parseInt(size, 16) + 2;
    if (octets.length < next) return "more";
    if (next === start + 2) {
      return { value: Uint8Array.from(body), length: next };
    }
    body.push(...octets.subarray(start, next - 2));
    at = next;
  }
}
