import { decodeText } from "./decode_text.ts";
import { parseHostName } from "./host_name.ts";
import { OctetReader } from "./octet_reader.ts";

export interface ClientHello {
  /** SNI where it is a host name: with ECH that is the outer one. RFC 6066 §3. */
  readonly serverName?: string;
  /** What the client offers, in its order. RFC 7301 §3.1. */
  readonly alpn: readonly string[];
}

/** ContentType and the longest fragment of a record. RFC 8446 §5.1. */
const HANDSHAKE = 22;
const FRAGMENT_MAX = 1 << 14;
const RECORD_HEADER = 5;

/** HandshakeType. RFC 8446 §4. */
const CLIENT_HELLO = 1;
/** Octets of legacy_version and random. */
const VERSION_AND_RANDOM = 2 + 32;
/** Callers collect no more octets of a flow, so a longer hello is not waited for. */
export const HELLO_MAX = 16 * 1024;

/** ExtensionType. RFC 8446 §4.2. */
const SERVER_NAME = 0;
const ALPN = 16;
/** NameType. RFC 6066 §3. */
const HOST_NAME = 0;

/** Looks at all octets so far of a flow. "other": it does not begin with a ClientHello, whatever follows. */
export function sniffClientHello(
  octets: Uint8Array,
): ClientHello | "more" | "other" {
  const { handshake, wellFormed } = joinFragments(octets);
  const hello = parseClientHello(handshake);
  return hello === "more" && !wellFormed ? "other" : hello;
}

/** Like `sniffClientHello`, for what is in no records: the octets of QUIC's CRYPTO frames. RFC 9001 §4.1.3. */
export function parseClientHello(
  handshake: Uint8Array,
): ClientHello | "more" | "other" {
  const message = new OctetReader(handshake);
  const type = message.u8();
  const length = (message.u8() << 16) | message.u16();
  if (handshake.length > 0 && type !== CLIENT_HELLO) return "other";
  if (!message.failed() && length > HELLO_MAX) return "other";
  const body = message.take(length);
  return message.failed() ? "more" : parseHello(body) ?? "other";
}

/** A handshake message may be spread over several records. RFC 8446 §5.1. */
function joinFragments(
  octets: Uint8Array,
): { handshake: Uint8Array; wellFormed: boolean } {
  const joined = new Uint8Array(octets.length);
  let have = 0;
  let wellFormed = true;
  for (let at = 0; at < octets.length && wellFormed;) {
    const start = at + RECORD_HEADER;
    // Fields that are missing yet may still become what they should be.
    const [
      type = HANDSHAKE,
      major = 3,
      minor = 1,
      high = 0,
      low = high === 0 ? 1 : 0,
    ] = octets
      .subarray(at, start);
    const length = (high << 8) | low;
    wellFormed = type === HANDSHAKE && major === 3 && minor >= 1 &&
      minor <= 4 && length > 0 && length <= FRAGMENT_MAX;
    at = start + length;
    const fragment = octets.subarray(start, wellFormed ? at : start);
    joined.set(fragment, have);
    have += fragment.length;
  }
  return { handshake: joined.subarray(0, have), wellFormed };
}

/** RFC 8446 §4.1.2. Undefined for what is malformed. */
function parseHello(body: Uint8Array): ClientHello | undefined {
  const hello = new OctetReader(body);
  hello.take(VERSION_AND_RANDOM);
  hello.take(hello.u8()); // legacy_session_id
  hello.take(hello.u16()); // cipher_suites
  hello.take(hello.u8()); // legacy_compression_methods
  // Hellos of TLS 1.2 need not have extensions.
  const length = hello.rest() === 0 ? 0 : hello.u16();
  const extensions = parseExtensions(hello.take(length));
  if (hello.failed() || hello.rest() > 0 || extensions === undefined) {
    return undefined;
  }
  const alpn = parseAlpn(extensions.get(ALPN));
  const serverName = parseServerName(extensions.get(SERVER_NAME));
  return serverName === undefined ? { alpn } : { serverName, alpn };
}

function parseExtensions(
  octets: Uint8Array,
): Map<number, Uint8Array> | undefined {
  const extensions = new Map<number, Uint8Array>();
  const reader = new OctetReader(octets);
  while (reader.rest() > 0) {
    const type = reader.u16();
    const body = reader.take(reader.u16());
    // RFC 8446 §4.2: no two of one type.
    if (reader.failed() || extensions.has(type)) return undefined;
    extensions.set(type, body);
  }
  return extensions;
}

function parseServerName(
  octets: Uint8Array = new Uint8Array(),
): string | undefined {
  const reader = new OctetReader(octets);
  reader.u16(); // length of the list
  const type = reader.u8();
  const name = reader.take(reader.u16());
  return type === HOST_NAME ? parseHostName(decodeText(name)) : undefined;
}

function parseAlpn(octets: Uint8Array = new Uint8Array()): string[] {
  const protocols: string[] = [];
  const reader = new OctetReader(octets);
  reader.u16(); // length of the list
  while (reader.rest() > 0) {
    const name = reader.take(reader.u8());
    if (name.length > 0) protocols.push(decodeText(name));
  }
  return protocols;
}
