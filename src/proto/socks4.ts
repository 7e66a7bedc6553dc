import { type DialErrorKind, ProtocolError } from "../base/errors.ts";
import { formatAddress, parseAddress, unmapped } from "../wire/address.ts";
import { decodeText } from "./decode_text.ts";
import { MessageReader } from "./message_reader.ts";
import type { SocksAddress } from "./socks_address.ts";

const VERSION = 4;
export const SOCKS4_CONNECT = 1;
/** DSTIP of SOCKS4A: the name follows. */
const NAME_FOLLOWS = [0, 0, 0, 1];
const REPLY_LENGTH = 8;
const GRANTED = 90;
const REJECTED = 91;

/** CONNECT of SOCKS4, for names of SOCKS4A. Fails for IPv6, which neither has, and for texts that a NUL would cut. */
export function encodeSocks4Request(
  { host, port }: SocksAddress,
  userId: string,
): Uint8Array | ProtocolError {
  const address = parseAddress(host);
  const octets = address === undefined ? undefined : unmapped(address);
  if (octets?.length === 16) return fail("SOCKS4 cannot carry IPv6");
  if (`${host}${userId}`.includes("\0")) {
    return fail("SOCKS4 cannot carry a NUL");
  }
  const encoder = new TextEncoder();
  const name = octets === undefined ? [...encoder.encode(host), 0] : [];
  return Uint8Array.of(
    ...[VERSION, SOCKS4_CONNECT, port >> 8, port & 0xff],
    ...(octets ?? NAME_FOLLOWS),
    ...encoder.encode(userId),
    0,
    ...name,
  );
}

export interface Socks4Request {
  /** CD: 1 for CONNECT, the only one that there is a use for. */
  readonly command: number;
  readonly userId: string;
  readonly target: SocksAddress;
}

/** Octets of the longest request: a user id and a name of 255 octets each. */
const REQUEST_MAX = 8 + 256 + 256;

/** Reads a request of SOCKS4 or SOCKS4A. */
export function socks4RequestReader(): MessageReader<Socks4Request> {
  return new MessageReader({
    protocol: "socks4",
    max: REQUEST_MAX,
    parse: (octets) => {
      const [version = VERSION, command = 0, high = 0, low = 0] = octets;
      if (version !== VERSION) {
        return fail(`Expected version ${VERSION}, got ${version}`);
      }
      const userEnd = octets.indexOf(0, 8);
      if (octets.length < 8 || userEnd < 0) return "more";
      const userId = decodeText(octets.subarray(8, userEnd));
      const address = octets.subarray(4, 8);
      const named = address[3] !== 0 &&
        address.subarray(0, 3).every((octet) => octet === 0);
      const end = named ? octets.indexOf(0, userEnd + 1) : userEnd;
      if (end < 0) return "more";
      const host = named
        ? decodeText(octets.subarray(userEnd + 1, end))
        : formatAddress(address);
      const target = { host, port: (high << 8) | low };
      return { value: { command, userId, target }, length: end + 1 };
    },
  });
}

export function encodeSocks4Reply(granted: boolean): Uint8Array {
  return Uint8Array.of(0, granted ? GRANTED : REJECTED, 0, 0, 0, 0, 0, 0);
}

/** Reads CD of the reply. */
export function socks4ReplyReader(): MessageReader<
  { readonly code: number; readonly granted: boolean }
> {
  return new MessageReader({
    protocol: "socks4",
    max: REPLY_LENGTH,
    parse: (octets) => {
      const [version = 0, code = 0] = octets;
      if (version !== 0) return fail(`Expected version 0, got ${version}`);
      if (octets.length < REPLY_LENGTH) return "more";
      const value = { code, granted: code === GRANTED };
      return { value, length: REPLY_LENGTH };
    },
  });
}

/** What a reply that does not grant says. */
export function explainSocks4Reply(code: number): DialErrorKind {
  return code === 92 || code === 93 ? "auth" : "refused";
}

function fail(message: string): ProtocolError {
  return new ProtocolError("socks4", message);
}
