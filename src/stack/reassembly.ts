import type { Millis } from "../base/clock.ts";
import { type IpHeader, TCP } from "../wire/ip_header.ts";
import { skipExtensions } from "../wire/ipv6.ts";
import {
  createPacketBuffer,
  HEADROOM,
  type PacketBuffer,
} from "../wire/packet_buffer.ts";
import type { DropReason } from "./drops.ts";
import { roomFor } from "./icmp_errors.ts";

/** Beyond, the oldest datagrams are forgotten down to the second figure. */
const MAX_OCTETS = 4 * 1024 * 1024;
const KEEP_OCTETS = 3 * 1024 * 1024;
const MAX_DATAGRAMS = 64;
const MAX_PER_SOURCE = 16;
const MAX_FRAGMENTS = 64;

/** Deviation: RFC 1122 §3.3.2 asks for 60 to 120 s; Linux and every peer use 30 s for IPv4. RFC 8200 §4.5 has 60 s. */
const TIMEOUT: { readonly [V in 4 | 6]: Millis } = { 4: 30_000, 6: 60_000 };

const MAX_PAYLOAD = 65_535;

/** TCP's header, and that of everything else: less in a first fragment is an attempt to slip past a filter. RFC 1858, RFC 3128. */
const LEAST_FIRST_TCP = 20;
const LEAST_FIRST = 8;

interface Piece {
  readonly offset: number;
  readonly octets: Uint8Array;
}

interface Datagram {
  readonly key: string;
  readonly source: string;
  readonly expiresAt: Millis;
  /** The start of the packet that held the first fragment, for an error to quote. */
  first: Uint8Array | undefined;
  /** Disjoint, in order of their offsets. */
  readonly pieces: Piece[];
  /** Octets in `pieces`. */
  octets: number;
  /** Length of the whole payload; -1 until the last fragment came. */
  length: number;
  /** An overlap was found: everything that comes for it is dropped. RFC 5722 §4. */
  poisoned: boolean;
}

export interface ReassemblyListener {
  onDrop(reason: DropReason): void;
  /** The rest of a datagram did not come; `first` is its first fragment's packet. RFC 792, RFC 4443 §3.3. */
  onTimeout(first: Uint8Array): void;
}

/** Puts IP fragments together, in bounded memory. RFC 791 §3.2, RFC 8200 §4.5. */
export class Reassembly {
  /** In order of their first fragments. */
  readonly #datagrams = new Map<string, Datagram>();
  readonly #whole: PacketBuffer = createPacketBuffer(40 + MAX_PAYLOAD);
  readonly #listener: ReassemblyListener;
  #octets = 0;

  constructor(listener: ReassemblyListener) {
    this.#listener = listener;
  }

  /** When `expire` must next run. */
  next(): Millis {
    const [oldest] = this.#datagrams.values();
    return oldest?.expiresAt ?? Infinity;
  }

  /** Forgets what has waited for too long. */
  expire(now: Millis): void {
    for (const datagram of this.#datagrams.values()) {
      if (datagram.expiresAt > now) continue;
      this.#forget(datagram);
      this.#listener.onDrop("fragment.timeout");
      if (datagram.first !== undefined) {
        this.#listener.onTimeout(datagram.first);
      }
    }
  }

  /**
   * Takes a fragment that `fragmentProblem` found nothing wrong with. When it completes its datagram, that is returned as one packet, and `ip` tells where its parts are;
   * the packet is valid until the next call.
   */
  receive(
    packet: PacketBuffer,
    ip: IpHeader,
    now: Millis,
  ): PacketBuffer | undefined {
    const end = ip.fragmentOffset + ip.payloadLength;
    const datagram = this.#find(packet, ip, now);
    if (datagram === undefined || datagram.poisoned) {
      this.#listener.onDrop("fragment.limit");
      return undefined;
    }
    if (!this.#insert(datagram, packet, ip, end)) return undefined;
    if (datagram.octets !== datagram.length) return undefined;
    this.#forget(datagram);
    return this.#assemble(datagram, packet, ip);
  }

  #find(
    packet: PacketBuffer,
    ip: IpHeader,
    now: Millis,
  ): Datagram | undefined {
    const addresses = packet.bytes.subarray(
      ip.source,
      ip.source + 2 * ip.addressLength,
    );
    const source = addresses.subarray(0, ip.addressLength).join();
    // RFC 791 §3.2 has the protocol in the key, RFC 8200 §4.5 has not.
    const protocol = ip.version === 4 ? ip.protocol : 0;
    const key = `${addresses.join()}/${protocol}/${ip.identification}`;
    const known = this.#datagrams.get(key);
    if (known !== undefined) return known;
    if (!this.#hasRoom(source)) return undefined;
    const datagram: Datagram = {
      key,
      source,
      expiresAt: now + TIMEOUT[ip.version],
      first: undefined,
      pieces: [],
      octets: 0,
      length: -1,
      poisoned: false,
    };
    this.#datagrams.set(key, datagram);
    return datagram;
  }

  #hasRoom(source: string): boolean {
    let ofSource = 0;
    for (const datagram of this.#datagrams.values()) {
      if (datagram.source === source) ofSource++;
    }
    return this.#datagrams.size < MAX_DATAGRAMS && ofSource < MAX_PER_SOURCE;
  }

  /** False when the fragment was a copy, or made its datagram worthless. */
  #insert(
    datagram: Datagram,
    packet: PacketBuffer,
    ip: IpHeader,
    end: number,
  ): boolean {
    const { pieces } = datagram;
    const offset = ip.fragmentOffset;
    if (
      pieces.some((piece) =>
        piece.offset === offset && piece.octets.length === ip.payloadLength
      )
    ) return false;
    const overlaps = pieces.some((piece) =>
      piece.offset < end && offset < piece.offset + piece.octets.length
    );
    const length = ip.moreFragments ? datagram.length : end;
    const last = pieces.at(-1);
    const beyond = Math.max(
      end,
      last === undefined ? 0 : last.offset + last.octets.length,
    );
    const lies = (!ip.moreFragments && datagram.length >= 0) ||
      (length >= 0 && beyond > length);
    if (overlaps || lies || pieces.length === MAX_FRAGMENTS) {
      this.#poison(datagram);
      this.#listener.onDrop(
        overlaps ? "fragment.overlap" : "fragment.malformed",
      );
      return false;
    }
    const at = pieces.findIndex((piece) => piece.offset > offset);
    const octets = packet.bytes.slice(
      ip.payload,
      ip.payload + ip.payloadLength,
    );
    pieces.splice(at < 0 ? pieces.length : at, 0, { offset, octets });
    if (offset === 0) {
      const room = roomFor(ip.version);
      const end = packet.start + Math.min(room, packet.length);
      datagram.first = packet.bytes.slice(packet.start, end);
    }
    datagram.length = length;
    datagram.octets += octets.length;
    this.#octets += octets.length;
    this.#shrink();
    return !datagram.poisoned;
  }

  #assemble(
    datagram: Datagram,
    packet: PacketBuffer,
    ip: IpHeader,
  ): PacketBuffer {
    const whole = this.#whole;
    const addresses = 2 * ip.addressLength;
    whole.bytes.set(
      packet.bytes.subarray(ip.source, ip.source + addresses),
      HEADROOM,
    );
    const payload = HEADROOM + addresses;
    for (const { offset, octets } of datagram.pieces) {
      whole.bytes.set(octets, payload + offset);
    }
    ip.source = HEADROOM;
    ip.destination = HEADROOM + ip.addressLength;
    ip.payload = payload;
    ip.payloadLength = datagram.length;
    ip.fragmentOffset = 0;
    ip.moreFragments = false;
    whole.length = addresses + datagram.length;
    whole.checksum = "unknown";
    whole.segmentSize = 0;
    return whole;
  }

  #poison(datagram: Datagram): void {
    datagram.poisoned = true;
    this.#octets -= datagram.octets;
    datagram.octets = 0;
    datagram.first = undefined;
    datagram.pieces.length = 0;
  }

  #forget(datagram: Datagram): void {
    this.#datagrams.delete(datagram.key);
    this.#octets -= datagram.octets;
  }

  #shrink(): void {
    if (this.#octets <= MAX_OCTETS) return;
    for (const oldest of this.#datagrams.values()) {
      if (this.#octets <= KEEP_OCTETS) return;
      this.#forget(oldest);
      oldest.poisoned = true;
      this.#listener.onDrop("fragment.limit");
    }
  }
}

/** Why a fragment cannot be one, whatever others come; undefined when it can. */
export type FragmentProblem =
  /** Only the last fragment's length may not be a multiple of 8. */
  | "length"
  /** It reaches beyond 65 535 octets: the ping of death. */
  | "offset"
  /** The first one does not hold all headers. RFC 1858, RFC 7112. */
  | "header chain"
  /** It carries nothing. */
  | "empty";

export function fragmentProblem(
  view: DataView,
  ip: IpHeader,
): FragmentProblem | undefined {
  if (ip.moreFragments && ip.payloadLength % 8 !== 0) return "length";
  const header = ip.version === 4 ? 20 : 0;
  const end = ip.fragmentOffset + ip.payloadLength;
  if (end + header > MAX_PAYLOAD) return "offset";
  if (ip.payloadLength === 0) return "empty";
  return ip.fragmentOffset > 0 || holdsAllHeaders(view, ip)
    ? undefined
    : "header chain";
}

function holdsAllHeaders(view: DataView, ip: IpHeader): boolean {
  const chain = { ...ip, fragmentOffset: 0, moreFragments: false };
  if (ip.version === 6 && skipExtensions(view, chain) !== undefined) {
    return false;
  }
  const least = chain.protocol === TCP ? LEAST_FIRST_TCP : LEAST_FIRST;
  return chain.payloadLength >= least;
}
