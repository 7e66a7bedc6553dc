/**
 * RFC 1071: the one's complement sum of `length` octets, folded to 16 bits and not complemented.
 * `start` is a sum to go on from; an odd length counts a zero octet behind it.
 */
export function onesComplementSum(
  view: DataView,
  offset: number,
  length: number,
  start: number = 0,
): number {
  // A double holds 2^21 sums of 32 bits exactly; folding comes last.
  let sum = start;
  let at = offset;
  const end = offset + length;
  for (; at + 16 <= end; at += 16) {
    sum += view.getUint32(at) + view.getUint32(at + 4) +
      view.getUint32(at + 8) + view.getUint32(at + 12);
  }
  for (; at + 2 <= end; at += 2) sum += view.getUint16(at);
  if (at < end) sum += view.getUint8(at) << 8;
  return fold(sum);
}

/** RFC 9293 §3.1, RFC 8200 §8.1: addresses (which stand one behind the other at `addresses`), protocol and transport length. */
export function pseudoHeaderSum(
  view: DataView,
  addresses: number,
  addressLength: 4 | 16,
  protocol: number,
  length: number,
): number {
  const sum = onesComplementSum(view, addresses, 2 * addressLength);
  return fold(sum + protocol + length);
}

/** RFC 1624 eqn. 3: the checksum field after one 16-bit word under it changed from `from` to `to`. */
export function updateChecksum(
  checksum: number,
  from: number,
  to: number,
): number {
  return ~fold((~checksum & 0xffff) + (~from & 0xffff) + to) & 0xffff;
}

function fold(sum: number): number {
  // The upper part of a double is not reachable by shifts.
  let folded = (sum % 0x10000) + Math.floor(sum / 0x10000);
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
}
