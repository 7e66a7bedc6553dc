/** UTF-8 as it came: a byte order mark is kept, and what is not UTF-8 becomes U+FFFD. */
export function decodeText(octets: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(octets);
}
