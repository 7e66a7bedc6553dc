import { ProtocolError } from "../base/errors.ts";
import { type Credentials, parseCredentials } from "./credentials.ts";
import { MessageReader, type Progress } from "./message_reader.ts";
import {
  NO_ACCEPTABLE_METHODS,
  NO_AUTHENTICATION,
  parseSocksMessage,
  SOCKS_AUTH_VERSION,
  SOCKS_COMMANDS,
  SOCKS_VERSION,
  type SocksCommand,
  USERNAME_PASSWORD,
  wrongVersion,
} from "./socks5.ts";
import {
  encodeSocksAddress,
  SOCKS_ADDRESS_MAX,
  type SocksAddress,
} from "./socks_address.ts";

/** The methods of a greeting that this server has. */
export interface SocksOffer {
  readonly none: boolean;
  readonly usernamePassword: boolean;
}

/** `command` is undefined for one that this server does not have, `target` for an address of no known type. */
export interface SocksRequest {
  readonly command: SocksCommand | undefined;
  readonly target: SocksAddress | undefined;
}

/** REP, in the words of RFC 1928 §6. */
const REPLIES = {
  "succeeded": 0,
  "general failure": 1,
  "not allowed by ruleset": 2,
  "network unreachable": 3,
  "host unreachable": 4,
  "connection refused": 5,
  "TTL expired": 6,
  "command not supported": 7,
  "address type not supported": 8,
} as const;

export type SocksReplyCode = keyof typeof REPLIES;

const UNSPECIFIED: SocksAddress = { host: "0.0.0.0", port: 0 };

/** RFC 1928 §3. */
export function socksGreetingReader(): MessageReader<SocksOffer> {
  return new MessageReader({
    protocol: "socks5",
    max: 2 + 255,
    parse: (octets) => {
      const [version = SOCKS_VERSION, count] = octets;
      if (version !== SOCKS_VERSION) {
        return wrongVersion(SOCKS_VERSION, version);
      }
      if (count === undefined || octets.length < 2 + count) return "more";
      const methods = octets.subarray(2, 2 + count);
      const value = {
        none: methods.includes(NO_AUTHENTICATION),
        usernamePassword: methods.includes(USERNAME_PASSWORD),
      };
      return { value, length: 2 + count };
    },
  });
}

/** The answer to a greeting. */
export function encodeSocksMethod(
  method: "none" | "username-password" | "unacceptable",
): Uint8Array {
  const code = {
    "none": NO_AUTHENTICATION,
    "username-password": USERNAME_PASSWORD,
    "unacceptable": NO_ACCEPTABLE_METHODS,
  }[method];
  return Uint8Array.of(SOCKS_VERSION, code);
}

/** RFC 1929 §2. */
export function socksCredentialsReader(): MessageReader<Credentials> {
  return new MessageReader({
    protocol: "socks5",
    max: 1 + 2 * (1 + 255),
    parse: (octets) => {
      const [version = SOCKS_AUTH_VERSION] = octets;
      if (version !== SOCKS_AUTH_VERSION) {
        return wrongVersion(SOCKS_AUTH_VERSION, version);
      }
      const value = parseCredentials(octets.subarray(1));
      if (octets.length < 3 || value === undefined) return "more";
      const [, userLength = 0] = octets;
      const passLength = octets[2 + userLength] ?? 0;
      return { value, length: 3 + userLength + passLength };
    },
  });
}

/** RFC 1929 §2: after a failure the server hangs up. */
export function encodeSocksAuthStatus(accepted: boolean): Uint8Array {
  return Uint8Array.of(SOCKS_AUTH_VERSION, accepted ? 0 : 1);
}

/** RFC 1928 §4. */
export function socksRequestReader(): MessageReader<SocksRequest> {
  return new MessageReader({
    protocol: "socks5",
    max: 3 + SOCKS_ADDRESS_MAX,
    parse: parseRequest,
  });
}

function parseRequest(octets: Uint8Array): Progress<SocksRequest> {
  const read = parseSocksMessage(octets);
  if (read === "more" || read instanceof ProtocolError) return read;
  const { value: { code, address }, length } = read;
  // An address of no known type can be answered all the same.
  return { value: { command: COMMANDS.get(code), target: address }, length };
}

const COMMANDS: ReadonlyMap<number, SocksCommand> = new Map(
  Object.entries(SOCKS_COMMANDS).map(([name, code]) => [
    code,
    name as SocksCommand,
  ]),
);

/** RFC 1928 §6. `bound` is where the server waits for datagrams. */
export function encodeSocksReply(
  reply: SocksReplyCode,
  bound: SocksAddress = UNSPECIFIED,
): Uint8Array {
  const address = encodeSocksAddress(bound);
  // An address of a machine always fits.
  if (address instanceof ProtocolError) throw address;
  return Uint8Array.of(SOCKS_VERSION, REPLIES[reply], 0, ...address);
}
