import { ProtocolError } from "../base/errors.ts";
import type { Peer } from "../flow/stream.ts";
import {
  encodeSocksAddress,
  SOCKS_ADDRESS_MAX,
} from "../proto/socks_address.ts";
import {
  putTunnelDatagram,
  tunnelDatagramReader,
} from "../proto/socks5_udp.ts";
import type { DatagramFraming } from "./datagram_stream.ts";

/** Octets of the longest datagram with its header. */
export const ADDRESSED_DATAGRAM_MAX = 3 + SOCKS_ADDRESS_MAX + 65_535;

/**
 * Datagrams that each name their peer, as a relay's BIND and GOST's UDP over TCP have them. `scratch` has ADDRESSED_DATAGRAM_MAX
 * octets and is used within `send` only. What has no peer, or one that no header can carry, is not sent.
 */
export function addressedDatagrams(scratch: Uint8Array): DatagramFraming {
  const headers = new AddressHeaders();
  return {
    reader: tunnelDatagramReader,
    put: (into, payload, to) => {
      const address = to && headers.of(to);
      return address === undefined
        ? 0
        : putTunnelDatagram(into, 0, address, payload);
    },
    scratch,
  };
}

/** Peers as the headers of datagrams have them. A peer should be one object for one address: what it costs to write it is kept. */
export class AddressHeaders {
  readonly #known = new WeakMap<Peer, Uint8Array>();

  /** Undefined for one that no header can carry. */
  of(peer: Peer): Uint8Array | undefined {
    const known = this.#known.get(peer);
    if (known !== undefined) return known;
    const address = encodeSocksAddress(peer);
    if (address instanceof ProtocolError) return undefined;
    this.#known.set(peer, address);
    return address;
  }
}
