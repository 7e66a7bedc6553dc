import { ProtocolError } from "../base/errors.ts";
import { MessageReader, type Progress } from "./message_reader.ts";
import {
  encodeRelayMessage,
  parseRelayMessage,
  RELAY_MESSAGE_MAX,
} from "./relay_message.ts";

/** In the order of their codes, from 0. GOST answers every failed dial with "network-unreachable". */
const STATUSES = [
  "ok",
  "bad-request",
  "unauthorized",
  "forbidden",
  "timeout",
  "service-unavailable",
  "host-unreachable",
  "network-unreachable",
  "internal-server-error",
] as const;

/** Feature and ATYP of the bound address. */
const ADDR = 2;
const IPV6 = 4;

export type RelayStatus = typeof STATUSES[number];

export interface RelayResponse {
  /** Everything but "ok" is a failure, behind which the server closes the stream. */
  readonly status: RelayStatus | "unknown";
  readonly code: number;
}

export function encodeRelayResponse(status: RelayStatus): Uint8Array {
  const code = STATUSES.indexOf(status);
  return encodeRelayMessage({ code, features: new Uint8Array() });
}

/** To BIND. Clients look for an address, but datagrams leave by a port that is chosen when the first one comes: GOST's, of any address. */
export function encodeBindResponse(): Uint8Array {
  const address = [IPV6, ...new Uint8Array(16), 0, 0];
  const features = Uint8Array.of(ADDR, 0, address.length, ...address);
  return encodeRelayMessage({ code: 0, features });
}

/** Skips features whatever they are, as newer servers may send some that nobody knows yet. */
export function relayResponseReader(): MessageReader<RelayResponse> {
  return new MessageReader({
    protocol: "relay",
    max: RELAY_MESSAGE_MAX,
    parse: parseResponse,
  });
}

function parseResponse(octets: Uint8Array): Progress<RelayResponse> {
  const message = parseRelayMessage(octets);
  if (message === "more" || message instanceof ProtocolError) return message;
  const { code } = message.value;
  const status = STATUSES[code] ?? "unknown";
  return { value: { status, code }, length: message.length };
}
