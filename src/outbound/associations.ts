import { unlessAborted } from "../flow/deadline.ts";
import { type Endpoint, formatEndpoint, type Target } from "../flow/flow.ts";
import {
  type DatagramChannel,
  deferred,
  type Peer,
  READY,
} from "../flow/stream.ts";
import type { Association } from "./association.ts";

/** Opens an association for `target.src`; ends with `target.signal`. Rejects with a DialError. */
export type Associate = (target: Target) => Promise<Association>;

/**
 * One association for all flows of a source, so that each of its targets sees it come from the same port, and so that all of them
 * cost one carrier. What comes from elsewhere reaches the application too: its mapping and its filtering are
 * endpoint-independent. RFC 4787 §4.1, §5.
 */
export class Associations {
  readonly #associate: Associate;
  /** By source. An entry goes with its last flow, or when the association ends. */
  readonly #shared = new Map<string, Shared>();

  constructor(associate: Associate) {
    this.#associate = associate;
  }

  /** `endpoint` is an address. Rejects with a DialError. */
  async dial(target: Target, endpoint: Endpoint): Promise<DatagramChannel> {
    const key = formatEndpoint(target.src);
    const shared = this.#shared.get(key) ?? this.#open(key, target);
    shared.users++;
    try {
      const all = await unlessAborted(target.signal, shared.opened);
      return shared.channelFor(endpoint, all, () => this.#leave(key, shared));
    } catch (error) {
      this.#leave(key, shared);
      throw error;
    }
  }

  #open(key: string, target: Target): Shared {
    const controller = new AbortController();
    const { signal } = controller;
    const own = { ...target, signal, trace: [] };
    const shared = new Shared(this.#associate(own), controller);
    this.#shared.set(key, shared);
    const forget = (): void => this.#forget(key, shared);
    shared.opened.then(({ closed }) => closed).then(forget, forget);
    return shared;
  }

  #leave(key: string, shared: Shared): void {
    if (--shared.users > 0) return;
    this.#forget(key, shared);
    shared.end();
  }

  /** Flows to come open another one. */
  #forget(key: string, shared: Shared): void {
    if (this.#shared.get(key) === shared) this.#shared.delete(key);
  }
}

type OnDatagram = (payload: Uint8Array, from?: Peer) => void;

/** The association of one source. */
class Shared {
  /** Flows that have one of its channels, or wait for one. */
  users = 0;
  readonly opened: Promise<Association>;
  readonly #controller: AbortController;
  /** Who is told of datagrams, by target; the oldest first. */
  readonly #receivers = new Map<string, OnDatagram>();
  /** `#receivers` by the sources that have turned out to be theirs: comparing is cheaper than formatting. */
  #bySource = new WeakMap<Peer, OnDatagram>();
  #delivering = false;

  constructor(opened: Promise<Association>, controller: AbortController) {
    this.opened = opened;
    this.#controller = controller;
  }

  channelFor(
    target: Endpoint,
    all: Association,
    leave: () => void,
  ): DatagramChannel {
    const closed = deferred<void>();
    all.closed.then(closed.resolve, closed.reject);
    const key = formatEndpoint(target);
    let left = false;
    let receiver: OnDatagram | undefined;
    return {
      closed: closed.promise,
      send: (payload) => all.send(payload, target),
      deliver: (onDatagram) => {
        receiver = onDatagram;
        this.#receivers.set(key, onDatagram);
        this.#bySource = new WeakMap();
        this.#deliver(all);
      },
      [Symbol.asyncDispose]: () => {
        if (left) return READY;
        left = true;
        if (this.#receivers.get(key) === receiver) this.#receivers.delete(key);
        this.#bySource = new WeakMap();
        closed.resolve();
        leave();
        return READY;
      },
    };
  }

  /** Nobody has a channel any more. */
  end(): void {
    this.#controller.abort(new Error("The association was not needed"));
    this.opened.then((all) => all[Symbol.asyncDispose]()).catch(() => {});
  }

  #deliver(all: Association): void {
    if (this.#delivering) return;
    this.#delivering = true;
    all.deliver((payload, from) => {
      const own = this.#bySource.get(from) ?? this.#ownReceiver(from);
      if (own !== undefined) {
        own(payload);
        return;
      }
      // Any of the flows knows the way to the application.
      const [first] = this.#receivers.values();
      first?.(payload, from);
    });
  }

  #ownReceiver(from: Peer): OnDatagram | undefined {
    const own = this.#receivers.get(formatEndpoint(from));
    if (own !== undefined) this.#bySource.set(from, own);
    return own;
  }
}
