import { ProtocolError } from "../../base/errors.ts";
import type { Dialer } from "../../flow/dialer.ts";
import type { Endpoint, Target } from "../../flow/flow.ts";
import { type ByteStream, deferred } from "../../flow/stream.ts";
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
  encodeSocksAddress,
  SOCKS_ADDRESS_MAX,
} from "../../proto/socks_address.ts";
import type { Association } from "../association.ts";

/** Octets of the longest datagram with its header. */
export const SOCKS_DATAGRAM_MAX = 3 + SOCKS_ADDRESS_MAX + 65_535;

/** GOST's UDP over TCP, and a relay's BIND: datagrams on the stream of the request; takes `stream` over. `scratch` has SOCKS_DATAGRAM_MAX octets and is used within `send` only. */
export function tunnel(
  stream: ByteStream,
  scratch: Uint8Array,
): Association {
  const addresses = new Addresses();
  const framing: DatagramFraming = {
    reader: tunnelDatagramReader,
    put: (into, payload, to) => {
      const address = to && addresses.of(to);
      return address === undefined
        ? 0
        : putTunnelDatagram(into, 0, address, payload);
    },
    scratch,
  };
  const channel = datagramStream(stream, framing);
  return {
    closed: channel.closed,
    send: (payload, to) => channel.send(payload, to),
    deliver: (onDatagram) =>
      channel.deliver((payload, from) => {
        if (from !== undefined) onDatagram(payload, from);
      }),
    [Symbol.asyncDispose]: () => channel[Symbol.asyncDispose](),
  };
}

export interface RelayedOptions {
  /** Reaches the server's UDP port. */
  readonly dialer: Dialer;
  readonly port: Target;
  /** The association lives as long as it; taken over. */
  readonly control: ByteStream;
  /** As that of `tunnel`. */
  readonly scratch: Uint8Array;
}

/** RFC 1928 §7: datagrams by way of the server's UDP port. */
export async function associate(
  { dialer, port, control, scratch }: RelayedOptions,
): Promise<Association> {
  const channel = await dialer.dialDatagram(port);
  const sources = new SocksSources();
  const addresses = new Addresses();
  const closed = deferred<void>();
  channel.closed.then(closed.resolve, closed.reject);
  untilEnd(control).then(closed.resolve, closed.reject);
  return {
    closed: closed.promise,
    send(payload, to) {
      const address = addresses.of(to);
      if (address === undefined) return;
      const end = putSocksDatagram(scratch, 0, address, payload);
      channel.send(scratch.subarray(0, end));
    },
    deliver: (onDatagram) =>
      channel.deliver((datagram) => {
        const header = socksUdpHeaderLength(datagram);
        if (header === undefined) return;
        onDatagram(datagram.subarray(header), sources.find(datagram));
      }),
    async [Symbol.asyncDispose]() {
      closed.resolve();
      await channel[Symbol.asyncDispose]();
      await control[Symbol.asyncDispose]();
    },
  };
}

/** Targets as headers of datagrams have them. */
class Addresses {
  readonly #known = new WeakMap<Endpoint, Uint8Array>();

  /** Undefined for one that no header can carry. */
  of(target: Endpoint): Uint8Array | undefined {
    const known = this.#known.get(target);
    if (known !== undefined) return known;
    const address = encodeSocksAddress(target);
    if (address instanceof ProtocolError) return undefined;
    this.#known.set(target, address);
    return address;
  }
}

async function untilEnd(control: ByteStream): Promise<void> {
  while (await control.read(() => {}));
}
