import {
  type DatagramChannel,
  deferred,
  type Peer,
  READY,
} from "../../src/flow/stream.ts";

/** Two ends of a datagram channel in memory: what one sends the other delivers, at once or when it begins to. */
export function channelPair(): readonly [DatagramChannel, DatagramChannel] {
  const closed = deferred<void>();
  const sides = [side(), side()] as const;
  return [end(sides[0], sides[1], closed), end(sides[1], sides[0], closed)];
}

type OnDatagram = (payload: Uint8Array, peer?: Peer) => void;

interface Side {
  waiting: Parameters<OnDatagram>[];
  onDatagram: OnDatagram | undefined;
}

function side(): Side {
  return { waiting: [], onDatagram: undefined };
}

function end(
  inbound: Side,
  outbound: Side,
  closed: PromiseWithResolvers<void>,
): DatagramChannel {
  return {
    closed: closed.promise,
    send(payload, to) {
      const { onDatagram } = outbound;
      if (onDatagram !== undefined) onDatagram(payload, to);
      else outbound.waiting.push([payload.slice(), to]);
    },
    deliver(onDatagram) {
      inbound.onDatagram = onDatagram;
      for (const datagram of inbound.waiting.splice(0)) {
        onDatagram(...datagram);
      }
    },
    [Symbol.asyncDispose]() {
      closed.resolve();
      return READY;
    },
  };
}
