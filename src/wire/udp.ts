export const UDP_HEADER = 8;

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const LENGTH = 4;
export const UDP_CHECKSUM = 6;

/**
 * Octets of UDP payload in an IP payload of `length` octets at `offset`, or -1 where the header or its length field is wrong.
 * Octets behind the length field's end belong to nobody. RFC 768.
 */
export function udpPayloadLength(
  view: DataView,
  offset: number,
  length: number,
): number {
  if (length < UDP_HEADER) return -1;
  const claimed = view.getUint16(offset + LENGTH);
  if (claimed < UDP_HEADER || claimed > length) return -1;
  return claimed - UDP_HEADER;
}

export function udpSourcePort(view: DataView, offset: number): number {
  return view.getUint16(offset + SOURCE_PORT);
}

export function udpDestinationPort(view: DataView, offset: number): number {
  return view.getUint16(offset + DESTINATION_PORT);
}

/** Writes the header with a zero checksum. */
export function putUdp(
  view: DataView,
  offset: number,
  ports: { readonly source: number; readonly destination: number },
  payloadLength: number,
): void {
  view.setUint16(offset + SOURCE_PORT, ports.source);
  view.setUint16(offset + DESTINATION_PORT, ports.destination);
  view.setUint16(offset + LENGTH, UDP_HEADER + payloadLength);
  view.setUint16(offset + UDP_CHECKSUM, 0);
}
