import { ProtocolError } from "../base/errors.ts";
import { decodeText } from "./decode_text.ts";
import { MessageReader, type Progress } from "./message_reader.ts";

/** Octets of the longest head, its empty line included. */
export const HTTP_HEAD_MAX = 16 * 1024;

/** What an HTTP/1 request or response begins with. */
export interface HttpHead {
  /** Request line or status line. */
  readonly startLine: string;
  /** By lower-case name; values of one name are joined by ", ". RFC 9110 §5.3. */
  readonly headers: ReadonlyMap<string, string>;
}

/** What Go, and so GOST, sends where nobody sets another one. */
export const USER_AGENT = "Go-http-client/1.1";

export interface RequestLine {
  readonly method: string;
  readonly target: string;
}

export interface StatusLine {
  readonly status: number;
  readonly reason: string;
}

const LF = 0x0a;
const CR = 0x0d;
/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
/** All control characters but the tab. */
const CONTROL = /[^\t\P{Cc}]/u;

/** Reads up to the empty line. Lines may end without CR (RFC 9112 §2.2), but not go on in the next one (§5.2). */
export function httpHeadReader(): MessageReader<HttpHead> {
  return new MessageReader({
    protocol: "http",
    max: HTTP_HEAD_MAX,
    parse: parseHead,
  });
}

function parseHead(octets: Uint8Array): Progress<HttpHead> {
  const length = headLength(octets);
  if (length === undefined) return "more";
  const text = decodeText(octets.subarray(0, length));
  const [startLine = "", ...lines] = text.split(/\r?\n/).slice(0, -2);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const field = parseFieldLine(line);
    if (field === undefined) {
      return new ProtocolError(
        "http",
        `Not a header: ${JSON.stringify(line.slice(0, 80))}`,
      );
    }
    const before = headers.get(field.name);
    const value = before === undefined
      ? field.value
      : `${before}, ${field.value}`;
    headers.set(field.name, value);
  }
  return { value: { startLine, headers }, length };
}

/** Octets up to and including the first empty line but the first line. */
function headLength(octets: Uint8Array): number | undefined {
  for (
    let end = octets.indexOf(LF);
    end >= 0;
    end = octets.indexOf(LF, end + 1)
  ) {
    if (octets[end + 1] === LF) return end + 2;
    if (octets[end + 1] === CR && octets[end + 2] === LF) return end + 3;
  }
  return undefined;
}

/** `name` in lower case, `value` without white space around it; undefined for what RFC 9112 §5 does not allow. */
export function parseFieldLine(
  line: string,
): { readonly name: string; readonly value: string } | undefined {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
  const value = line.slice(colon + 1);
  if (!isToken(name) || hasControl(value)) return undefined;
  return { name, value: value.trim() };
}

/** Undefined for what is no request line of HTTP/1. RFC 9112 §3. */
export function parseRequestLine(line: string): RequestLine | undefined {
  const [method = "", target = "", version = "", ...rest] = line.split(" ");
  if (!isToken(method) || target === "" || hasControl(target)) return;
  if (!/^HTTP\/1\.[01]$/.test(version) || rest.length > 0) return undefined;
  return { method, target };
}

/** Undefined for what is no status line of HTTP/1. RFC 9112 §4. */
export function parseStatusLine(line: string): StatusLine | undefined {
  const match = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(line);
  if (match === null) return undefined;
  return { status: Number(match[1]), reason: match[2] ?? "" };
}

/** Whether a comma-separated list holds `token`, in whatever case. */
export function hasToken(list: string | undefined, token: string): boolean {
  return (list ?? "").split(",").some((item) =>
    item.trim().toLowerCase() === token
  );
}

export function encodeHead(
  lines: readonly string[],
  body: string = "",
): Uint8Array {
  return new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n${body}`);
}

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** What neither a field value nor any other part of a line may have. RFC 9110 §5.5. */
export function hasControl(text: string): boolean {
  return CONTROL.test(text);
}
