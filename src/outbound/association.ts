import { type Endpoint } from "../flow/flow.ts";
import { type DatagramChannel, type Peer } from "../flow/stream.ts";
import { parseAddress } from "../wire/address.ts";

/** Datagrams to and from whom you like, by one port of a node's. Disposing ends it. */
export interface Association extends AsyncDisposable {
  /** `payload` is copied or sent before this returns. `to` should be one object for one target: what it costs to write it is kept. */
  send(payload: Uint8Array, to: Endpoint): void;
  /** To be called once. `payload` is lent until `onDatagram` returns; `from` is interned. */
  deliver(onDatagram: (payload: Uint8Array, from: Peer) => void): void;
  /** Resolves when it has ended; rejects with a DialError where the far side said why. */
  readonly closed: Promise<void>;
}

/** `association` for one target alone; takes it over. Whoever else sends to it is not who the application talks to. */
export function narrowed(
  association: Association,
  target: Endpoint,
): DatagramChannel {
  // A name may stand for any address.
  const isName = parseAddress(target.host) === undefined;
  return {
    closed: association.closed,
    send: (payload) => association.send(payload, target),
    deliver: (onDatagram) =>
      association.deliver((payload, from) => {
        if (isName || isSame(from, target)) onDatagram(payload);
      }),
    [Symbol.asyncDispose]: () => association[Symbol.asyncDispose](),
  };
}

function isSame(a: Endpoint, b: Endpoint): boolean {
  return a.host === b.host && a.port === b.port;
}
