import { assert } from "../base/assert.ts";
import { BoundedMap } from "../base/bounded_map.ts";
import { ProtocolError } from "../base/errors.ts";
import { type DatagramLayout, DatagramReader } from "./datagram_reader.ts";
import {
  parseSocksAddress,
  SOCKS_ADDRESS_MAX,
  type SocksAddress,
  socksAddressLength,
} from "./socks_address.ts";

/** RSV and FRAG take the octets in front of the address. RFC 1928 §7. */
const ADDRESS_AT = 3;
/** FRAG of a datagram on a stream, where RSV is the length of the payload. */
const FRAG_STREAM = 0xff;
/** How many sources of one association keep their identity. */
const SOURCES_MAX = 1024;

const TUNNEL: DatagramLayout = {
  headerMin: ADDRESS_AT + 2,
  headerMax: ADDRESS_AT + SOCKS_ADDRESS_MAX,
  headerLength: (header) => {
    const length = addressLength(header);
    if (length === undefined) {
      return new ProtocolError("socks5", `Unknown address type ${header[3]}`);
    }
    if (reserved(header) === 0 && header[2] !== FRAG_STREAM) {
      return new ProtocolError("socks5", "Datagram without its length");
    }
    return ADDRESS_AT + length;
  },
  payloadLength: reserved,
};

/** One object for each source of datagrams, so that comparing is `===`. Of more than 1024 sources the oldest is forgotten. */
export class SocksSources {
  readonly #known = new BoundedMap<string, SocksAddress>(SOURCES_MAX);
  /** The same source as before, which is the rule, is recognised by its octets and costs no allocation. */
  readonly #latest = new Uint8Array(SOCKS_ADDRESS_MAX);
  #latestLength = 0;
  #latestSource: SocksAddress | undefined;

  /** `header` begins with the whole header of a datagram, RSV first. */
  find(header: Uint8Array): SocksAddress {
    if (this.#latestSource !== undefined && this.#isLatest(header)) {
      return this.#latestSource;
    }
    const source = parseSocksAddress(header, ADDRESS_AT);
    assert(source !== undefined);
    this.#latestLength = addressLength(header) ?? 0;
    this.#latest.set(
      header.subarray(ADDRESS_AT, ADDRESS_AT + this.#latestLength),
    );
    this.#latestSource = this.#intern(source);
    return this.#latestSource;
  }

  /** An address tells its own length, so equal octets as far as the latest one goes are an equal address. */
  #isLatest(header: Uint8Array): boolean {
    for (let i = 0; i < this.#latestLength; i++) {
      if (header[ADDRESS_AT + i] !== this.#latest[i]) return false;
    }
    return true;
  }

  #intern(source: SocksAddress): SocksAddress {
    const key = `${source.port} ${source.host}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, source);
    return source;
  }
}

/**
 * Writes a datagram for a relay's UDP port, and returns where it ends.
 * `address` is the destination as `encodeSocksAddress` gives it: encode it once per destination.
 */
export function putSocksDatagram(
  into: Uint8Array,
  at: number,
  address: Uint8Array,
  payload: Uint8Array,
): number {
  into.fill(0, at, at + ADDRESS_AT);
  return putAddressed(into, at, address, payload);
}

/**
 * Writes a datagram for a stream of the command "udp-tunnel" (a relay's BIND is framed alike), and returns where it ends.
 * An empty payload is not written: GOST's server takes RSV = 0 for the end of the framing and loses its place.
 */
export function putTunnelDatagram(
  into: Uint8Array,
  at: number,
  address: Uint8Array,
  payload: Uint8Array,
): number {
  if (payload.length === 0) return at;
  assert(payload.length <= 0xffff);
  into[at] = payload.length >> 8;
  into[at + 1] = payload.length & 0xff;
  into[at + 2] = FRAG_STREAM;
  return putAddressed(into, at, address, payload);
}

/** Octets in front of the payload of a datagram from a relay's UDP port; undefined for one to be dropped: a fragment, or no header at all. */
export function socksUdpHeaderLength(datagram: Uint8Array): number | undefined {
  const length = addressLength(datagram);
  if (length === undefined || datagram[2] !== 0) return undefined;
  const end = ADDRESS_AT + length;
  return end > datagram.length ? undefined : end;
}

/** Calls back for each datagram of a stream of the command "udp-tunnel"; `payload` is lent until the call returns. */
export function tunnelDatagramReader(
  onDatagram: (payload: Uint8Array, from: SocksAddress) => void,
): DatagramReader {
  const sources = new SocksSources();
  return new DatagramReader(
    TUNNEL,
    (payload, header) => onDatagram(payload, sources.find(header)),
  );
}

/** Undefined for an unknown ATYP. */
function addressLength(header: Uint8Array): number | undefined {
  return socksAddressLength(
    header[ADDRESS_AT] ?? 0,
    header[ADDRESS_AT + 1] ?? 0,
  );
}

function putAddressed(
  into: Uint8Array,
  at: number,
  address: Uint8Array,
  payload: Uint8Array,
): number {
  into.set(address, at + ADDRESS_AT);
  into.set(payload, at + ADDRESS_AT + address.length);
  return at + ADDRESS_AT + address.length + payload.length;
}

/** RSV: the length of the payload on a stream. */
function reserved(header: Uint8Array): number {
  return ((header[0] ?? 0) << 8) | (header[1] ?? 0);
}
