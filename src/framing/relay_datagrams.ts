import { DatagramReader } from "../proto/datagram_reader.ts";
import { LENGTH_PREFIX, putLengthPrefixed } from "../proto/length_prefix.ts";
import type { DatagramFraming } from "./datagram_stream.ts";

/** Octets of the longest datagram and of its length. */
const DATAGRAM_MAX = 2 + 65_535;

/** Datagrams on the stream of a relay's CONNECT: all to and from the one target that was asked for. */
export function relayDatagrams(): DatagramFraming {
  return {
    reader: (onDatagram) =>
      new DatagramReader(LENGTH_PREFIX, (payload) => onDatagram(payload)),
    put: (into, payload) => putLengthPrefixed(into, 0, payload),
    scratch: new Uint8Array(DATAGRAM_MAX),
  };
}
