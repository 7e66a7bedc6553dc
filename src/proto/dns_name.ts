/** Octets of the longest name, the length of every label included. RFC 1035 §2.3.4. */
const NAME_MAX = 255;
const LABEL_MAX = 63;
/** The two high bits of a pointer's first octet. RFC 1035 §4.1.4. */
const POINTER = 0xc0;

/** Octets of a message before its first name. RFC 1035 §4.1.1. */
export const DNS_HEADER_LENGTH = 12;

export interface DnsName {
  /** In lower case, without a final dot; "." for the root. */
  readonly name: string;
  /** Where the octets behind it begin. */
  readonly end: number;
}

/** Labels as RFC 1035 §3.1 has them, undefined for an empty label and where one or all of them are too long. A final dot changes nothing. */
export function encodeDnsName(name: string): Uint8Array | undefined {
  const octets: number[] = [];
  const relative = name.replace(/\.$/, "");
  for (const label of relative === "" ? [] : relative.split(".")) {
    const text = new TextEncoder().encode(label);
    if (text.length === 0 || text.length > LABEL_MAX) return undefined;
    octets.push(text.length, ...text);
  }
  octets.push(0);
  return octets.length > NAME_MAX ? undefined : Uint8Array.from(octets);
}

/**
 * Reads the name at `start` of a message, pointers included. Undefined where it ends behind the message, is too long, or holds
 * what cannot be written without escapes: only visible ASCII but for the dot.
 */
export function readDnsName(
  octets: Uint8Array,
  start: number,
): DnsName | undefined {
  const labels: string[] = [];
  let length = 1;
  let at = start;
  let end: number | undefined;
  /** Each pointer leads to before the previous one's destination, so that they come to an end. */
  let before = start;
  for (;;) {
    const octet = octets[at];
    if (octet === undefined) return undefined;
    if (octet === 0) {
      return { name: labels.join(".") || ".", end: end ?? at + 1 };
    }
    if (octet >= POINTER) {
      const low = octets[at + 1];
      const destination = ((octet & ~POINTER) << 8) | (low ?? 0);
      if (low === undefined || destination < DNS_HEADER_LENGTH) {
        return undefined;
      }
      if (destination >= before) return undefined;
      end ??= at + 2;
      at = before = destination;
    } else {
      const label = octets.subarray(at + 1, at + 1 + octet);
      length += 1 + octet;
      if (octet > LABEL_MAX || length > NAME_MAX) return undefined;
      if (label.length < octet || !label.every(isVisible)) return undefined;
      labels.push(String.fromCharCode(...label).toLowerCase());
      at += 1 + octet;
    }
  }
}

function isVisible(octet: number): boolean {
  return octet > 0x20 && octet < 0x7f && octet !== 0x2e;
}
