/** One record is filled again and again. */
export interface TcpOptions {
  /** 0 when absent (or sent as 0, which says nothing). RFC 9293 §3.7.1. */
  mss: number;
  /** Shift count, at most 14; -1 when absent. RFC 7323 §2.2. */
  windowScale: number;
  /** RFC 2018 §2. */
  sackPermitted: boolean;
  /** Whether TSval and TSecr were there. RFC 7323 §3.2. */
  timestamps: boolean;
  /** Signed 32-bit integers. */
  tsVal: number;
  tsEcr: number;
  /** Number of blocks in `sack`, at most 4: left edge, right edge, as signed 32-bit integers. RFC 2018 §3. */
  sackBlocks: number;
  readonly sack: Int32Array;
}

/** What a SYN offers. */
export type SynOffer = Pick<
  TcpOptions,
  "mss" | "windowScale" | "sackPermitted" | "timestamps"
>;

const END = 0;
const NOP = 1;
const MSS = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const TIMESTAMPS = 8;

/** Two NOPs in front keep the values aligned, as RFC 7323 appendix A advises. */
const TIMESTAMPS_WORD = 0x0101_080a;
export const TIMESTAMPS_LENGTH = 12;
const MAX_WINDOW_SCALE = 14;

/**
 * Reads `length` octets of options. Unknown kinds are skipped, known ones of a wrong length ignored; one that reaches beyond
 * the end ends the list, as in every kernel. RFC 9293 §3.2 (MUST-6, MUST-7).
 */
export function parseTcpOptions(
  view: DataView,
  offset: number,
  length: number,
  options: TcpOptions,
): void {
  options.mss = 0;
  options.windowScale = -1;
  options.sackPermitted = false;
  options.timestamps = false;
  options.sackBlocks = 0;
  // Established flows carry this and nothing else: one comparison instead of the walk.
  if (
    length === TIMESTAMPS_LENGTH && view.getInt32(offset) === TIMESTAMPS_WORD
  ) {
    readTimestamps(view, offset + 2, options);
    return;
  }
  const end = offset + length;
  for (let at = offset; at < end;) {
    const kind = view.getUint8(at);
    if (kind === END) return;
    if (kind === NOP) {
      at++;
      continue;
    }
    const size = at + 1 < end ? view.getUint8(at + 1) : 0;
    if (size < 2 || at + size > end) return;
    readOption(view, at, kind, size, options);
    at += size;
  }
}

/** Writes the timestamps option with its NOPs and returns `TIMESTAMPS_LENGTH`. */
export function putTimestamps(
  view: DataView,
  offset: number,
  tsVal: number,
  tsEcr: number,
): number {
  view.setInt32(offset, TIMESTAMPS_WORD);
  view.setInt32(offset + 4, tsVal);
  view.setInt32(offset + 8, tsEcr);
  return TIMESTAMPS_LENGTH;
}

/** Writes `blocks` SACK blocks from `edges` behind two NOPs and returns the octets used. */
export function putSack(
  view: DataView,
  offset: number,
  edges: Int32Array,
  blocks: number,
): number {
  view.setUint16(offset, (NOP << 8) | NOP);
  view.setUint16(offset + 2, (SACK << 8) | (2 + 8 * blocks));
  for (let i = 0; i < 2 * blocks; i++) {
    view.setInt32(offset + 4 + 4 * i, edges[i] ?? 0);
  }
  return 4 + 8 * blocks;
}

/** Writes the options of a SYN in whole words and returns the octets used, at most 20. */
export function putSynOptions(
  view: DataView,
  offset: number,
  syn: Readonly<SynOffer & Pick<TcpOptions, "tsVal" | "tsEcr">>,
): number {
  let at = offset;
  view.setUint16(at, (MSS << 8) | 4);
  view.setUint16(at + 2, syn.mss);
  at += 4;
  if (syn.timestamps) {
    view.setUint16(
      at,
      syn.sackPermitted ? (SACK_PERMITTED << 8) | 2 : (NOP << 8) | NOP,
    );
    view.setUint16(at + 2, (TIMESTAMPS << 8) | 10);
    view.setInt32(at + 4, syn.tsVal);
    view.setInt32(at + 8, syn.tsEcr);
    at += 12;
  } else if (syn.sackPermitted) {
    view.setUint32(at, (NOP << 24) | (NOP << 16) | (SACK_PERMITTED << 8) | 2);
    at += 4;
  }
  if (syn.windowScale >= 0) {
    view.setUint32(
      at,
      (NOP << 24) | (WINDOW_SCALE << 16) | (3 << 8) | syn.windowScale,
    );
    at += 4;
  }
  return at - offset;
}

function readOption(
  view: DataView,
  at: number,
  kind: number,
  size: number,
  options: TcpOptions,
): void {
  if (kind === MSS && size === 4) {
    options.mss = view.getUint16(at + 2);
  } else if (kind === WINDOW_SCALE && size === 3) {
    // RFC 7323 §2.3: a larger shift is used as 14.
    options.windowScale = Math.min(view.getUint8(at + 2), MAX_WINDOW_SCALE);
  } else if (kind === SACK_PERMITTED && size === 2) {
    options.sackPermitted = true;
  } else if (kind === TIMESTAMPS && size === 10) {
    readTimestamps(view, at, options);
  } else if (kind === SACK && size >= 10 && (size - 2) % 8 === 0) {
    options.sackBlocks = (size - 2) / 8;
    for (let i = 0; i < 2 * options.sackBlocks; i++) {
      options.sack[i] = view.getInt32(at + 2 + 4 * i);
    }
  }
}

function readTimestamps(
  view: DataView,
  at: number,
  options: TcpOptions,
): void {
  options.timestamps = true;
  options.tsVal = view.getInt32(at + 2);
  options.tsEcr = view.getInt32(at + 6);
}
