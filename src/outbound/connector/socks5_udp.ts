import type { Dialer } from "../../flow/dialer.ts";
import type { Target } from "../../flow/flow.ts";
import { type ByteStream, deferred } from "../../flow/stream.ts";
import {
  addressedDatagrams,
  AddressHeaders,
} from "../../framing/addressed_datagrams.ts";
import { datagramStream } from "../../framing/datagram_stream.ts";
import {
  putSocksDatagram,
  SocksSources,
  socksUdpHeaderLength,
} from "../../proto/socks5_udp.ts";
import type { Association } from "../association.ts";

/** GOST's UDP over TCP, and a relay's BIND: datagrams on the stream of the request; takes `stream` over. `scratch` as in `addressedDatagrams`. */
export function tunnel(
  stream: ByteStream,
  scratch: Uint8Array,
): Association {
  const channel = datagramStream(stream, addressedDatagrams(scratch));
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
  const headers = new AddressHeaders();
  const closed = deferred<void>();
  channel.closed.then(closed.resolve, closed.reject);
  untilEnd(control).then(closed.resolve, closed.reject);
  return {
    closed: closed.promise,
    send(payload, to) {
      const address = headers.of(to);
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

async function untilEnd(control: ByteStream): Promise<void> {
  while (await control.read(() => {}));
}
