import { ProtocolError } from "../base/errors.ts";
import {
  type Credentials,
  encodeCredentials,
  parseCredentials,
} from "./credentials.ts";
import { MessageReader, type Progress } from "./message_reader.ts";
import {
  encodeRelayMessage,
  parseRelayMessage,
  RELAY_MESSAGE_MAX,
} from "./relay_message.ts";
import {
  encodeSocksAddress,
  parseSocksAddress,
  type SocksAddress,
} from "./socks_address.ts";

const COMMAND = 0x0f;
const FLAG_UDP = 0x80;
const CONNECT = 1;
const BIND = 2;
/** Command 0 is CONNECT, too. */
const COMMANDS = ["connect", "connect", "bind", "associate"] as const;

const USER_AUTH = 1;
const ADDR = 2;
const TUNNEL = 3;
const NETWORK = 4;

const NETWORK_UDP = 1;
const NETWORKS: ReadonlyMap<number, RelayRequest["network"]> = new Map([
  [0, "tcp"],
  [NETWORK_UDP, "udp"],
  [2, "ip"],
  [0x10, "unix"],
  [0x11, "serial"],
]);
/** A Tunnel feature begins with a UUID; nothing else of it is looked at. */
const TUNNEL_MIN = 16;

/** What tungo asks for. */
export interface RelayAsk {
  /** BIND of UDP: datagrams follow, framed as in `socks5_udp.ts`, by a port at `target`. */
  readonly command?: "connect" | "bind";
  readonly network: "tcp" | "udp";
  readonly target: SocksAddress;
  readonly credentials?: Credentials;
}

/** What a client may ask for. */
export interface RelayRequest {
  readonly command: "connect" | "bind" | "associate" | "unknown";
  readonly network: "tcp" | "udp" | "ip" | "unix" | "serial";
  readonly target?: SocksAddress;
  readonly credentials?: Credentials;
}

/** Fails where the target's name, the user name or the password has more than 255 octets. */
export function encodeRelayRequest(
  { command = "connect", network, target, credentials }: RelayAsk,
): Uint8Array | ProtocolError {
  // In GOST's order. Some servers take UDP from the flag, others from the feature.
  const features: number[] = [];
  const putNetwork = (): void => {
    if (network === "udp") put(features, NETWORK, [0, NETWORK_UDP]);
  };
  if (command === "connect") putNetwork();
  if (credentials !== undefined) {
    const userAuth = encodeCredentials(credentials);
    if (userAuth instanceof ProtocolError) return userAuth;
    put(features, USER_AUTH, userAuth);
  }
  if (command === "bind") putNetwork();
  const address = encodeSocksAddress(target);
  if (address instanceof ProtocolError) return address;
  put(features, ADDR, address);
  const code = (command === "bind" ? BIND : CONNECT) |
    (network === "udp" ? FLAG_UDP : 0);
  return encodeRelayMessage({ code, features: Uint8Array.from(features) });
}

function put(features: number[], type: number, body: Iterable<number>): void {
  const octets = [...body];
  features.push(type, octets.length >> 8, octets.length & 0xff, ...octets);
}

/** Fails for what GOST's server closes the stream for without an answer. */
export function relayRequestReader(): MessageReader<RelayRequest> {
  return new MessageReader({
    protocol: "relay",
    max: RELAY_MESSAGE_MAX,
    parse: parseRequest,
  });
}

function parseRequest(octets: Uint8Array): Progress<RelayRequest> {
  const message = parseRelayMessage(octets);
  if (message === "more" || message instanceof ProtocolError) return message;
  const { code, features: encoded } = message.value;
  const features = parseFeatures(encoded);
  if (features instanceof ProtocolError) return features;
  const value: RelayRequest = {
    ...features,
    command: COMMANDS[code & COMMAND] ?? "unknown",
    network: (code & FLAG_UDP) !== 0 ? "udp" : features.network,
  };
  return { value, length: message.length };
}

interface Features {
  network: RelayRequest["network"];
  target?: SocksAddress;
  credentials?: Credentials;
}

/** In any order; of several features of one type the last one counts. */
function parseFeatures(octets: Uint8Array): Features | ProtocolError {
  const features: Features = { network: "tcp" };
  for (let at = 0; at < octets.length;) {
    const [type, high = 0, low = 0] = octets.subarray(at, at + 3);
    const start = at + 3;
    at = start + ((high << 8) | low);
    if (at > octets.length) return fail("A feature is cut short");
    const error = parseFeature(features, type, octets.subarray(start, at));
    if (error !== undefined) return error;
  }
  return features;
}

/** Octets of `body` that the feature does not need are ignored. */
function parseFeature(
  features: Features,
  type: number | undefined,
  body: Uint8Array,
): ProtocolError | undefined {
  switch (type) {
    case USER_AUTH: {
      const credentials = parseCredentials(body);
      if (credentials === undefined) return fail("UserAuth is cut short");
      features.credentials = credentials;
      return undefined;
    }
    case ADDR: {
      const target = parseSocksAddress(body);
      if (target === undefined) return fail("Addr holds no address");
      features.target = target;
      return undefined;
    }
    case TUNNEL:
      return body.length < TUNNEL_MIN ? fail("Tunnel is cut short") : undefined;
    case NETWORK: {
      const [high, low] = body;
      if (high === undefined || low === undefined) {
        return fail("Network is cut short");
      }
      features.network = NETWORKS.get((high << 8) | low) ?? "tcp";
      return undefined;
    }
    default:
      return fail(`Unknown feature ${type}`);
  }
}

function fail(message: string): ProtocolError {
  return new ProtocolError("relay", message);
}
