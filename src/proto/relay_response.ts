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
