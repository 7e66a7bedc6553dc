import { HEADROOM, type PacketBuffer } from "../wire/packet_buffer.ts";
import { IPV4_HEADER, putIpv4, sealIpv4 } from "../wire/ipv4.ts";
import {
  FRAGMENT,
  FRAGMENT_HEADER,
  IPV6_HEADER,
  putFragmentHeader,
  putIpv6,
} from "../wire/ipv6.ts";

export interface FragmentOptions {
  readonly mtu: number;
  /** The IP header of `whole` carries no options or extension headers; this is what it announces behind it. */
  readonly protocol: number;
  /** 16 bits in IPv4, 32 in IPv6. */
  readonly identification: number;
}

/**
 * Cuts the packet in `whole` into fragments, puts each into `into` (its length set, its start HEADROOM) and calls `send`.
 * RFC 791 §2.3, RFC 8200 §4.5.
 */
export function cutIntoFragments(
  whole: PacketBuffer,
  into: PacketBuffer,
  options: FragmentOptions,
  send: () => void,
): void {
  const ipv4 = whole.view.getUint8(HEADROOM) >> 4 === 4;
  const headerLength = ipv4 ? IPV4_HEADER : IPV6_HEADER;
  const before = ipv4 ? IPV4_HEADER : IPV6_HEADER + FRAGMENT_HEADER;
  // Every fragment but the last carries a multiple of 8 octets.
  const step = (options.mtu - before) & ~7;
  const end = whole.length - headerLength;
  for (let offset = 0; offset < end; offset += step) {
    const length = Math.min(step, end - offset);
    const more = offset + length < end;
    const from = HEADROOM + headerLength + offset;
    into.bytes.set(
      whole.bytes.subarray(HEADROOM, HEADROOM + headerLength),
      HEADROOM,
    );
    into.bytes.set(
      whole.bytes.subarray(from, from + length),
      HEADROOM + before,
    );
    if (ipv4) putIpv4Fragment(into.view, length, offset, more, options);
    else putIpv6Fragment(into.view, length, offset, more, options);
    into.start = HEADROOM;
    into.length = before + length;
    send();
  }
}

function putIpv4Fragment(
  view: DataView,
  payloadLength: number,
  fragmentOffset: number,
  moreFragments: boolean,
  { protocol, identification }: FragmentOptions,
): void {
  putIpv4(view, HEADROOM, {
    payloadLength,
    protocol,
    identification,
    dontFragment: false,
    fragmentOffset,
    moreFragments,
  });
  sealIpv4(view, HEADROOM);
}

function putIpv6Fragment(
  view: DataView,
  length: number,
  offset: number,
  more: boolean,
  { protocol, identification }: FragmentOptions,
): void {
  putIpv6(view, HEADROOM, {
    payloadLength: FRAGMENT_HEADER + length,
    nextHeader: FRAGMENT,
  });
  putFragmentHeader(view, HEADROOM + IPV6_HEADER, {
    nextHeader: protocol,
    offset,
    more,
    identification,
  });
}
