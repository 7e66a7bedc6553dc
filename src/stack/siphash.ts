/** v0 to v3. */
type SipState = [number, number, number, number];

/**
 * HalfSipHash-2-4 with a 64-bit key and a 32-bit result, over 32-bit words: a hash that nobody can predict without the
 * key. Initial sequence numbers are made with it (RFC 6528 §3).
 */
export function halfSipHash(
  key0: number,
  key1: number,
  words: Int32Array,
): number {
  const v: SipState = [key0, key1, 0x6c796765 ^ key0, 0x74656462 ^ key1];
  for (let i = 0; i < words.length; i++) absorb(v, words[i] ?? 0);
  // The last word holds the message's length in octets, modulo 256, in its upper eight bits.
  absorb(v, words.length << 26);
  v[2] ^= 0xff;
  for (let i = 0; i < 4; i++) round(v);
  return v[1] ^ v[3];
}

function absorb(v: SipState, word: number): void {
  v[3] ^= word;
  round(v);
  round(v);
  v[0] ^= word;
}

function round(v: SipState): void {
  v[0] = (v[0] + v[1]) | 0;
  v[1] = rotate(v[1], 5) ^ v[0];
  v[0] = rotate(v[0], 16);
  v[2] = (v[2] + v[3]) | 0;
  v[3] = rotate(v[3], 8) ^ v[2];
  v[0] = (v[0] + v[3]) | 0;
  v[3] = rotate(v[3], 7) ^ v[0];
  v[2] = (v[2] + v[1]) | 0;
  v[1] = rotate(v[1], 13) ^ v[2];
  v[2] = rotate(v[2], 16);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
