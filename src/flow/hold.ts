import type { DatagramChannel, Peer } from "./stream.ts";

/** What is held at most, as a session of the stack holds what nobody has accepted yet. The newest is dropped. */
const MAX_HELD = 64;
const MAX_HELD_OCTETS = 256 * 1024;

/** A channel whose first datagrams may be looked at before somebody takes them. */
export interface Held {
  /** Shows each datagram, those that have come first, until `look` has seen enough and says false. Lent until it returns. */
  show(look: (payload: Uint8Array) => boolean): void;
  /** The channel, its first datagrams included. */
  readonly channel: DatagramChannel;
}

interface Datagram {
  readonly payload: Uint8Array;
  readonly peer: Peer | undefined;
}

/** Takes `channel` over. */
export function hold(channel: DatagramChannel): Held {
  let held: Datagram[] = [];
  let octets = 0;
  let look: ((payload: Uint8Array) => boolean) | undefined;
  let deliver: ((payload: Uint8Array, peer?: Peer) => void) | undefined;
  channel.deliver((payload, peer) => {
    if (deliver !== undefined) {
      deliver(payload, peer);
      return;
    }
    octets += payload.length;
    if (held.length >= MAX_HELD || octets > MAX_HELD_OCTETS) return;
    held.push({ payload: payload.slice(), peer });
    if (look?.(payload) === false) look = undefined;
  });
  return {
    show(wanted) {
      look = held.every(({ payload }) => wanted(payload)) ? wanted : undefined;
    },
    channel: {
      closed: channel.closed,
      send: (payload, to) => channel.send(payload, to),
      deliver(onDatagram) {
        deliver = onDatagram;
        look = undefined;
        const waiting = held;
        held = [];
        for (const { payload, peer } of waiting) onDatagram(payload, peer);
      },
      [Symbol.asyncDispose]: () => channel[Symbol.asyncDispose](),
    },
  };
}
