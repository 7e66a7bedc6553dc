import type { Dialer } from "../../flow/dialer.ts";
import type { Target } from "../../flow/flow.ts";
import {
  type ByteStream,
  type DatagramChannel,
  deferred,
} from "../../flow/stream.ts";
import {
  type DatagramFraming,
  datagramStream,
} from "../../framing/datagram_stream.ts";
import {
  putSocksDatagram,
  putTunnelDatagram,
  SocksSources,
  socksUdpHeaderLength,
  tunnelDatagramReader,
} from "../../proto/socks5_udp.ts";
import {
  SOCKS_ADDRESS_MAX,
  type SocksAddress,
} from "../../proto/socks_address.ts";
import { parseAddress } from "../../wire/address.ts";

/** Octets of the longest datagram with its header. */
export const SOCKS_DATAGRAM_MAX = 3 + SOCKS_ADDRESS_MAX + 65_535;

export interface AssociationOptions {
  readonly target: SocksAddress;
  /** `target` as the header of a datagram has it. */
  readonly address: Uint8Array;
  /** `SOCKS_DATAGRAM_MAX` octets; used within `send` only. */
  readonly scratch: Uint8Array;
}

/** GOST's UDP over TCP: datagrams to and from one target on the stream of the request; takes `stream` over. */
export function tunnel(
  stream: ByteStream,
  { target, address, scratch }: AssociationOptions,
): DatagramChannel {
  const framing: DatagramFraming = {
    reader: (onDatagram) =>
      tunnelDatagramReader((payload, from) => {
        if (mayComeFrom(target, from)) onDatagram(payload);
      }),
    put: (into, payload) => putTunnelDatagram(into, 0, address, payload),
    scratch,
  };
  return datagramStream(stream, framing);
}

export interface RelayedOptions extends AssociationOptions {
  /** Reaches the server's UDP port. */
  readonly dialer: Dialer;
  readonly port: Target;
  /** The association lives as long as it; taken over. */
  readonly control: ByteStream;
}

/** RFC 1928 §7: datagrams to and from one target by way of the server's UDP port. */
export async function associate(
  { dialer, port, control, target, address, scratch }: RelayedOptions,
): Promise<DatagramChannel> {
  const channel = await dialer.dialDatagram(port);
  const sources = new SocksSources();
  const closed = deferred<void>();
  channel.closed.then(closed.resolve, closed.reject);
  untilEnd(control).then(closed.resolve, closed.reject);
  return {
    closed: closed.promise,
    send(payload) {
      const end = putSocksDatagram(scratch, 0, address, payload);
      channel.send(scratch.subarray(0, end));
    },
    deliver: (onDatagram) =>
      channel.deliver((datagram) => {
        const header = socksUdpHeaderLength(datagram);
        if (header === undefined) return;
        if (!mayComeFrom(target, sources.find(datagram))) return;
        onDatagram(datagram.subarray(header));
      }),
    async [Symbol.asyncDispose]() {
      closed.resolve();
      await channel[Symbol.asyncDispose]();
      await control[Symbol.asyncDispose]();
    },
  };
}

async function untilEnd(control: ByteStream): Promise<void> {
  while (await control.read(() => {}));
}

/** Whoever else sends to the association is not who the application talks to. A name may stand for any address. */
function mayComeFrom(target: SocksAddress, from: SocksAddress): boolean {
  if (parseAddress(target.host) === undefined) return true;
  return from.host === target.host && from.port === target.port;
}
