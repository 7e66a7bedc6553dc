import { decodeText } from "./decode_text.ts";
import { parseHostName } from "./host_name.ts";
import {
  hasControl,
  HTTP_HEAD_MAX,
  parseFieldLine,
  parseRequestLine,
} from "./http_head.ts";

/** Whom an HTTP/1 request asks for. */
export interface HttpRequestHost {
  readonly method: string;
  /** A name, never an address. */
  readonly host: string;
  readonly port?: number;
}

/** Without CONNECT, which is meant for a proxy, and without HTTP/2's `PRI`. */
const METHODS = "GET POST PUT DELETE OPTIONS PATCH HEAD TRACE".split(" ");

/**
 * Looks at all octets so far of a flow. "other": no name can be learnt from it, whatever follows.
 * That goes for requests to a proxy, for an address as Host, and for everything malformed.
 */
export function sniffHttp(
  octets: Uint8Array,
): HttpRequestHost | "more" | "other" {
  const text = decodeText(octets.subarray(0, HTTP_HEAD_MAX));
  const method = METHODS.find((method) => text.startsWith(`${method} `));
  if (method === undefined) {
    return METHODS.some((method) => `${method} `.startsWith(text))
      ? "more"
      : "other";
  }
  // RFC 9112 §3.2.2: absolute-form is for proxies. Told by one octet, so that a binary protocol is not waited for.
  const target = text.slice(method.length + 1);
  if (target !== "" && !/^[/*]/.test(target)) return "other";

  const lines = text.split(/\r?\n/);
  const unfinished = (lines.pop() ?? "").replace(/\r$/, "");
  const [requestLine, ...fieldLines] = lines;
  if (
    requestLine !== undefined && parseRequestLine(requestLine) === undefined
  ) {
    return "other";
  }
  for (const line of fieldLines) {
    // The empty line is no field, either: the head ends without Host.
    const field = parseFieldLine(line);
    if (field === undefined) return "other";
    if (field.name === "host") return requestHost(method, field.value);
  }
  if (hasControl(unfinished) || octets.length >= HTTP_HEAD_MAX) {
    return "other";
  }
  return "more";
}

function requestHost(method: string, value: string): HttpRequestHost | "other" {
  const [name = "", digits = "", ...rest] = value.split(":");
  const host = parseHostName(name);
  const port = Number(digits);
  if (host === undefined || rest.length > 0) return "other";
  if (!/^\d*$/.test(digits) || port > 0xffff) return "other";
  return digits === "" ? { method, host } : { method, host, port };
}
