/**
 * Sequence numbers are signed 32-bit integers (a small integer for the engine, whatever their value); only these functions
 * compare them. RFC 9293 §3.4.
 */

export function seqAdd(seq: number, octets: number): number {
  return (seq + octets) | 0;
}

/** Octets from `from` to `to`, negative when `to` lies before; both within 2^31 of each other. */
export function seqDiff(to: number, from: number): number {
  return (to - from) | 0;
}

export function seqLt(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

export function seqLe(a: number, b: number): boolean {
  return ((a - b) | 0) <= 0;
}

export function seqMax(a: number, b: number): number {
  return ((a - b) | 0) < 0 ? b : a;
}

export function seqMin(a: number, b: number): number {
  return ((a - b) | 0) < 0 ? a : b;
}
