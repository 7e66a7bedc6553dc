import fc from "fast-check";

/** Spaces and "|" are for the eye. */
export function hex(text: string): Uint8Array {
  return Uint8Array.fromHex(text.replaceAll(/[\s|]/g, ""));
}

export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Lengths of pieces, for `lend`. */
export function cuts(): fc.Arbitrary<number[]> {
  const length = fc.oneof(fc.nat({ max: 4 }), fc.nat({ max: 6000 }));
  return fc.array(length, { maxLength: 40 });
}

/**
 * Lends `octets` as a stream does: in pieces of the given lengths and one with the rest, each a copy
 * that is overwritten when the next one is asked for, so that whoever kept a view is found out.
 */
export function* lend(
  octets: Uint8Array,
  lengths: readonly number[],
): Generator<Uint8Array> {
  let at = 0;
  for (const length of [...lengths, octets.length]) {
    const piece = octets.slice(at, at + length);
    yield piece;
    piece.fill(0xee);
    at += piece.length;
  }
}

/** What an encoder returned, unless that is an error. */
export function expectOctets(encoded: Uint8Array | Error): Uint8Array {
  if (encoded instanceof Error) throw encoded;
  return encoded;
}
