import { parseTcpOptions, type TcpOptions } from "./tcp_options.ts";

export const TCP_HEADER = 20;
export const TCP_MAX_HEADER = 60;

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const SEQUENCE = 4;
const ACKNOWLEDGMENT = 8;
const DATA_OFFSET = 12;
const FLAGS = 13;
const WINDOW = 14;
export const TCP_CHECKSUM = 16;
const URGENT = 18;

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;

/** The flags a state machine looks at: ECN's and the reserved ones never decide what a segment is (RFC 3168 §6.1.1). */
const FLAG_MASK = FIN | SYN | RST | PSH | ACK;

/** One record is filled again and again. Sequence numbers are signed 32-bit integers. */
export interface Segment {
  sourcePort: number;
  destinationPort: number;
  /** SEG.SEQ */
  seq: number;
  /** SEG.ACK, 0 without ACK. */
  ack: number;
  /** FIN, SYN, RST, PSH and ACK. */
  flags: number;
  /** SEG.WND as on the wire, not scaled. */
  window: number;
  /** Where the payload starts, counted from the start of the view, and its octets. */
  payload: number;
  payloadLength: number;
  readonly options: TcpOptions;
}

export function createSegment(): Segment {
  return {
    sourcePort: 0,
    destinationPort: 0,
    seq: 0,
    ack: 0,
    flags: 0,
    window: 0,
    payload: 0,
    payloadLength: 0,
    options: {
      mss: 0,
      windowScale: -1,
      sackPermitted: false,
      timestamps: false,
      tsVal: 0,
      tsEcr: 0,
      sackBlocks: 0,
      sack: new Int32Array(8),
    },
  };
}

/** SEG.LEN: payload, and one for each of SYN and FIN. RFC 9293 §3.3.1. */
export function segmentLength(segment: Segment): number {
  return segment.payloadLength + (segment.flags & SYN ? 1 : 0) +
    (segment.flags & FIN ? 1 : 0);
}

/** Reads an IP payload of `length` octets at `offset`; false where the header is not one. RFC 9293 §3.1. */
export function parseTcp(
  view: DataView,
  offset: number,
  length: number,
  segment: Segment,
): boolean {
  if (length < TCP_HEADER) return false;
  const headerLength = (view.getUint8(offset + DATA_OFFSET) >> 4) * 4;
  if (headerLength < TCP_HEADER || headerLength > length) return false;
  const flags = view.getUint8(offset + FLAGS) & FLAG_MASK;
  segment.sourcePort = view.getUint16(offset + SOURCE_PORT);
  segment.destinationPort = view.getUint16(offset + DESTINATION_PORT);
  segment.seq = view.getInt32(offset + SEQUENCE);
  segment.ack = flags & ACK ? view.getInt32(offset + ACKNOWLEDGMENT) : 0;
  segment.flags = flags;
  segment.window = view.getUint16(offset + WINDOW);
  segment.payload = offset + headerLength;
  segment.payloadLength = length - headerLength;
  parseTcpOptions(
    view,
    offset + TCP_HEADER,
    headerLength - TCP_HEADER,
    segment.options,
  );
  return true;
}

/** Writes the header without options and with a zero checksum. `headerLength` counts the options too. */
export function putTcp(
  view: DataView,
  offset: number,
  segment: Readonly<Segment>,
  headerLength: number,
): void {
  view.setUint16(offset + SOURCE_PORT, segment.sourcePort);
  view.setUint16(offset + DESTINATION_PORT, segment.destinationPort);
  view.setInt32(offset + SEQUENCE, segment.seq);
  view.setInt32(offset + ACKNOWLEDGMENT, segment.ack);
  view.setUint8(offset + DATA_OFFSET, headerLength << 2);
  view.setUint8(offset + FLAGS, segment.flags);
  view.setUint16(offset + WINDOW, segment.window);
  view.setUint16(offset + TCP_CHECKSUM, 0);
  view.setUint16(offset + URGENT, 0);
}
