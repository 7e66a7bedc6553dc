import { type DialErrorKind, ProtocolError } from "../base/errors.ts";
import { parseAddress, unmapped } from "../wire/address.ts";
import { MessageReader } from "./message_reader.ts";
import type { SocksAddress } from "./socks_address.ts";

const VERSION = 4;
const CONNECT = 1;
/** DSTIP of SOCKS4A: the name follows. */
const NAME_FOLLOWS = [0, 0, 0, 1];
const REPLY_LENGTH = 8;
const GRANTED = 90;

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
    ...[VERSION, CONNECT, port >> 8, port & 0xff],
    ...(octets ?? NAME_FOLLOWS),
    ...encoder.encode(userId),
    0,
    ...name,
  );
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
