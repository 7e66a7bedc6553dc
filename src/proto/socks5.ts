import { type DialErrorKind, ProtocolError } from "../base/errors.ts";
import { type Credentials, encodeCredentials } from "./credentials.ts";
import { MessageReader, type Progress } from "./message_reader.ts";
import {
  encodeSocksAddress,
  parseSocksAddress,
  SOCKS_ADDRESS_MAX,
  type SocksAddress,
  socksAddressLength,
} from "./socks_address.ts";

export const SOCKS_VERSION = 5;
/** VER of the exchange of RFC 1929. */
export const SOCKS_AUTH_VERSION = 1;

export const NO_AUTHENTICATION = 0;
export const USERNAME_PASSWORD = 2;
export const NO_ACCEPTABLE_METHODS = 0xff;

export const SOCKS_COMMANDS = {
  "connect": 1,
  "udp-associate": 3,
  "udp-tunnel": 0xf3,
};

/** "udp-tunnel" is GOST's: datagrams follow on the same stream, framed as in `socks5_udp.ts`. */
export type SocksCommand = keyof typeof SOCKS_COMMANDS;

export interface SocksReply {
  /** REP, 0 for success. */
  readonly code: number;
  /** BND.ADDR and BND.PORT. */
  readonly bound: SocksAddress;
}

/** RFC 1928 §3. GOST's methods 80 and 82 (TLS inside the stream) are never offered. */
export function encodeSocksGreeting(
  offer: { readonly usernamePassword: boolean },
): Uint8Array {
  return offer.usernamePassword
    ? Uint8Array.of(SOCKS_VERSION, 2, NO_AUTHENTICATION, USERNAME_PASSWORD)
    : Uint8Array.of(SOCKS_VERSION, 1, NO_AUTHENTICATION);
}

/** RFC 1929 §2. Fails where the user name or the password has more than 255 octets. */
export function encodeSocksAuth(
  credentials: Credentials,
): Uint8Array | ProtocolError {
  const octets = encodeCredentials(credentials);
  if (octets instanceof ProtocolError) return octets;
  return Uint8Array.of(SOCKS_AUTH_VERSION, ...octets);
}

/**
 * RFC 1928 §4. Fails for a name of more than 255 octets.
 * For the UDP commands `target` is where the datagrams will come from, usually not known: `0.0.0.0:0`,
 * or an empty name and port 0 for "udp-tunnel", so that the server opens a socket for both families.
 */
export function encodeSocksRequest(
  command: SocksCommand,
  target: SocksAddress,
): Uint8Array | ProtocolError {
  const address = encodeSocksAddress(target);
  if (address instanceof ProtocolError) return address;
  return Uint8Array.of(SOCKS_VERSION, SOCKS_COMMANDS[command], 0, ...address);
}

/** Reads the server's choice, which may be one that was not offered. */
export function socksMethodReader(): MessageReader<
  "none" | "username-password" | "unacceptable"
> {
  return new MessageReader({
    protocol: "socks5",
    max: 2,
    parse: ([version = SOCKS_VERSION, method]) => {
      if (version !== SOCKS_VERSION) {
        return wrongVersion(SOCKS_VERSION, version);
      }
      switch (method) {
        case undefined:
          return "more";
        case NO_AUTHENTICATION:
          return { value: "none", length: 2 };
        case USERNAME_PASSWORD:
          return { value: "username-password", length: 2 };
        case NO_ACCEPTABLE_METHODS:
          return { value: "unacceptable", length: 2 };
        default:
          return new ProtocolError("socks5", `Unknown method ${method}`);
      }
    },
  });
}

/** Reads whether the credentials were accepted. */
export function socksAuthReader(): MessageReader<boolean> {
  return new MessageReader({
    protocol: "socks5",
    max: 2,
    parse: ([version = SOCKS_AUTH_VERSION, status]) => {
      if (version !== SOCKS_AUTH_VERSION) {
        return wrongVersion(SOCKS_AUTH_VERSION, version);
      }
      return status === undefined ? "more" : { value: status === 0, length: 2 };
    },
  });
}

/** RFC 1928 §6. Takes the reply alone: the target's first octets may follow in the same piece. */
export function socksReplyReader(): MessageReader<SocksReply> {
  return new MessageReader({
    protocol: "socks5",
    max: 3 + SOCKS_ADDRESS_MAX,
    parse: parseReply,
  });
}

function parseReply(octets: Uint8Array): Progress<SocksReply> {
  const read = parseSocksMessage(octets);
  if (read === "more" || read instanceof ProtocolError) return read;
  const { value: { code, address }, length } = read;
  if (address === undefined) {
    return new ProtocolError("socks5", `Unknown address type ${octets[3]}`);
  }
  return { value: { code, bound: address }, length };
}

/** What requests and replies have in common: RFC 1928 §4, §6. `address` is undefined for one of no known type, whose end is not known. */
export function parseSocksMessage(
  octets: Uint8Array,
): Progress<{ readonly code: number; readonly address?: SocksAddress }> {
  const [version = SOCKS_VERSION, code, _reserved, atyp, next] = octets;
  if (version !== SOCKS_VERSION) return wrongVersion(SOCKS_VERSION, version);
  if (code === undefined || atyp === undefined || next === undefined) {
    return "more";
  }
  const length = socksAddressLength(atyp, next);
  if (length === undefined) return { value: { code }, length: octets.length };
  const address = parseSocksAddress(octets, 3);
  if (address === undefined) return "more";
  return { value: { code, address }, length: 3 + length };
}

/** What a reply other than 0 says, in the words of RFC 1928 §6. */
export function explainSocksReply(
  code: number,
): { readonly kind: DialErrorKind; readonly text: string } {
  switch (code) {
    case 1:
      return { kind: "refused", text: "general SOCKS server failure" };
    case 2:
      return { kind: "forbidden", text: "connection not allowed by ruleset" };
    case 3:
      return { kind: "unreachable", text: "network unreachable" };
    case 4:
      return { kind: "unreachable", text: "host unreachable" };
    case 5:
      return { kind: "refused", text: "connection refused" };
    case 6:
      return { kind: "timeout", text: "TTL expired" };
    case 7:
      return { kind: "unsupported", text: "command not supported" };
    case 8:
      return { kind: "unsupported", text: "address type not supported" };
    default:
      return { kind: "refused", text: `reply ${code}` };
  }
}

export function wrongVersion(expected: number, got: number): ProtocolError {
  return new ProtocolError(
    "socks5",
    `Expected version ${expected}, got ${got}`,
  );
}
