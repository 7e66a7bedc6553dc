/** The protocols that are told apart for the log alone. */
export type ProtocolLabel =
  | "SSH"
  | "BitTorrent"
  | "TLS"
  | "HTTP"
  | "HTTP/2"
  | "STUN"
  | "DTLS"
  | "QUIC";

/** What the first octets are like, in hexadecimal digits. */
type Labels = readonly (readonly [RegExp, ProtocolLabel])[];

/** Octets that are enough for all of them. */
const ENOUGH = 32;

const METHODS = "GET POST PUT DELETE OPTIONS PATCH HEAD TRACE CONNECT"
  .split(" ").map((method) => hexOf(`${method} `)).join("|");

const STREAMS: Labels = [
  [beginsWith(hexOf("SSH-")), "SSH"],
  // BEP 3: the handshake of peers.
  [beginsWith(`13${hexOf("BitTorrent protocol")}`), "BitTorrent"],
  [beginsWith("16030[0-4]"), "TLS"],
  [beginsWith(hexOf("PRI * HTTP/2.0")), "HTTP/2"],
  [beginsWith(`(?:${METHODS})[2-7]`), "HTTP"],
];

const DATAGRAMS: Labels = [
  // RFC 8489 §5: two bits of zero, and the magic cookie behind type and length.
  [beginsWith("[0-3].{7}2112a442"), "STUN"],
  // RFC 6347 §4.1, RFC 9147 §4: a handshake record in the clear.
  [beginsWith("16fe(?:fd|ff)"), "DTLS"],
  // RFC 9000 §17.2: a long header of version 1 or 2, or of a draft.
  [beginsWith("[c-f].(?:00000001|6b3343cf|ff0000)"), "QUIC"],
  // BEP 5: a message of the DHT. BEP 15: the first one to a tracker.
  [beginsWith(`${hexOf("d1:")}(?:61|65|72)`), "BitTorrent"],
  [beginsWith("000004172710198000000000"), "BitTorrent"],
];

/** Undefined for what is none of them. */
export function labelOfStream(octets: Uint8Array): ProtocolLabel | undefined {
  return labelIn(STREAMS, octets);
}

/** Undefined for what is none of them. */
export function labelOfDatagram(octets: Uint8Array): ProtocolLabel | undefined {
  return labelIn(DATAGRAMS, octets);
}

function labelIn(
  labels: Labels,
  octets: Uint8Array,
): ProtocolLabel | undefined {
  const digits = octets.subarray(0, ENOUGH).toHex();
  return labels.find(([begins]) => begins.test(digits))?.[1];
}

function beginsWith(digits: string): RegExp {
  return new RegExp(`^${digits}`);
}

function hexOf(text: string): string {
  return new TextEncoder().encode(text).toHex();
}
