import { encodeFrame, FRAME_FLAGS, FRAME_TYPES } from "./http2_frame.ts";

// As much of HTTP/2 as a client needs that sends requests with small bodies and looks at nothing but statuses and bodies of responses.

/** RFC 9113 §3.4. */
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/** RFC 9113 §6.5.2. Without a table a response's header block stands for itself, so that it need not be decoded to keep in step. */
const NO_TABLE_NO_PUSH = [0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0];

/** Entries of the static table: whole fields, and ":path" and ":authority" for names. RFC 7541 A. */
const METHOD_POST = 0x83;
const SCHEME_HTTPS = 0x87;
const PATH = 0x04;
const AUTHORITY = 0x01;
const STATUS_200 = 0x88;
/** A change of the table's size, which may come before the first field. RFC 7541 §6.3. */
const isSizeUpdate = (octet: number): boolean => (octet & 0xe0) === 0x20;

export interface Http2Request {
  /** Odd, and larger than those before. */
  readonly stream: number;
  readonly authority: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** At most 16 384 octets. */
  readonly body: Uint8Array;
}

/** What a client says first. */
export function encodePreface(): Uint8Array {
  const settings = encodeFrame({
    type: FRAME_TYPES.SETTINGS,
    flags: 0,
    stream: 0,
    payload: Uint8Array.from(NO_TABLE_NO_PUSH),
  });
  return Uint8Array.of(...new TextEncoder().encode(PREFACE), ...settings);
}

/** A POST. RFC 9113 §8.1. */
export function encodePost(
  { stream, authority, path, headers, body }: Http2Request,
): Uint8Array {
  const fields = [
    METHOD_POST,
    SCHEME_HTTPS,
    PATH,
    ...encodeText(path),
    AUTHORITY,
    ...encodeText(authority),
    // Literal fields that nobody is to remember. RFC 7541 §6.2.2.
    ...Object.entries(headers).flatMap(([name, value]) => [
      ...[0, ...encodeText(name), ...encodeText(value)],
    ]),
  ];
  const head = encodeFrame({
    type: FRAME_TYPES.HEADERS,
    flags: FRAME_FLAGS.END_HEADERS,
    stream,
    payload: Uint8Array.from(fields),
  });
  const data = encodeFrame({
    type: FRAME_TYPES.DATA,
    flags: FRAME_FLAGS.END_STREAM,
    stream,
    payload: body,
  });
  const octets = new Uint8Array(head.length + data.length);
  octets.set(head);
  octets.set(data, head.length);
  return octets;
}

/** Whether a response's header block says 200, as encoders write it: by its entry of the static table. */
export function isOk(block: Uint8Array): boolean {
  return block.find((octet) => !isSizeUpdate(octet)) === STATUS_200;
}

/** Without Huffman's code. RFC 7541 §5.2. */
function encodeText(text: string): number[] {
  const octets = new TextEncoder().encode(text);
  const { length } = octets;
  if (length < 0x7f) return [length, ...octets];
  const rest: number[] = [];
  let left = length - 0x7f;
  for (; left >= 0x80; left >>= 7) rest.push(left & 0x7f | 0x80);
  return [0x7f, ...rest, left, ...octets];
}
