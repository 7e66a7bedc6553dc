import type { Clock, Millis } from "../base/clock.ts";
import type { Endpoint, UdpFlow } from "../flow/flow.ts";
import {
  type DatagramChannel,
  deferred,
  type Peer,
  READY,
} from "../flow/stream.ts";

/** How long a destination is kept without a datagram. RFC 4787 REQ-5 wants two minutes at least. */
const IDLE: Millis = 2 * 60_000;
/** How often that is looked at. */
const SWEEP: Millis = 30_000;
/** Destinations of one client. Beyond, the one that has been silent for the longest time makes room. */
const MAX_DESTINATIONS = 1024;
/** Datagrams to a destination that is being dialled; the newest is dropped. */
const MAX_WAITING = 16;

export interface BoundPortOptions {
  readonly clock: Clock;
  readonly openFlow: () => {
    readonly id: number;
    readonly signal: AbortSignal;
  };
  readonly onFlow: (flow: UdpFlow) => void;
}

/**
 * Carries a client's datagrams, each of which names its destination: every destination is a flow of its own, decided on its own,
 * and all of them leave by one port. Ends, and ends all of them, when `client` does; takes it over.
 */
export async function serveBoundPort(
  client: DatagramChannel,
  src: Endpoint,
  options: BoundPortOptions,
): Promise<void> {
  const { clock } = options;
  const destinations = new Map<string, Destination>();
  const send: Send = (payload, from) => client.send(payload, from);
  client.deliver((payload, to) => {
    if (to === undefined) return;
    const key = `${to.port} ${to.host}`;
    let destination = destinations.get(key);
    if (destination === undefined) {
      if (destinations.size >= MAX_DESTINATIONS) silentest(destinations)?.end();
      const forget = (): void => {
        if (destinations.get(key) === made) destinations.delete(key);
      };
      const made = new Destination(to, { send, forget, clock });
      destinations.set(key, made);
      destination = made;
      made.receive(payload);
      options.onFlow(flowTo(made, src, payload, options));
    } else {
      destination.receive(payload);
    }
  });
  let timer: Disposable | undefined;
  const sweep = (): void => {
    const now = clock.now();
    for (const one of [...destinations.values()]) {
      if (now - one.heardAt >= IDLE) one.end();
    }
    timer = clock.callAt(now + SWEEP, sweep);
  };
  timer = clock.callAt(clock.now() + SWEEP, sweep);
  try {
    await client.closed;
  } finally {
    timer[Symbol.dispose]();
    for (const one of [...destinations.values()]) one.end();
    await client[Symbol.asyncDispose]();
  }
}

function silentest(
  destinations: ReadonlyMap<string, Destination>,
): Destination | undefined {
  let found: Destination | undefined;
  for (const one of destinations.values()) {
    if (found === undefined || one.heardAt < found.heardAt) found = one;
  }
  return found;
}

function flowTo(
  destination: Destination,
  src: Endpoint,
  first: Uint8Array,
  { openFlow }: BoundPortOptions,
): UdpFlow {
  return {
    ...openFlow(),
    protocol: "udp",
    src,
    dst: destination.peer,
    isOpenToAll: true,
    trace: [],
    traffic: { sent: 0, received: 0 },
    first: first.slice(),
    accept: () => Promise.resolve(destination),
    // The client cannot be told; its next datagram tries again.
    reject: () => destination.end(),
  };
}

type Send = (payload: Uint8Array, from: Peer) => void;

/** One destination of a client's. */
class Destination implements DatagramChannel {
  readonly peer: Peer;
  readonly closed: Promise<void>;
  /** When a datagram has passed last. */
  heardAt: Millis;
  readonly #closed = deferred<void>();
  readonly #send: Send;
  readonly #forget: () => void;
  readonly #clock: Clock;
  #onDatagram: ((payload: Uint8Array) => void) | undefined;
  #waiting: Uint8Array[] = [];

  constructor(
    peer: Peer,
    { send, forget, clock }: {
      readonly send: Send;
      readonly forget: () => void;
      readonly clock: Clock;
    },
  ) {
    this.peer = peer;
    this.closed = this.#closed.promise;
    this.heardAt = clock.now();
    this.#send = send;
    this.#forget = forget;
    this.#clock = clock;
  }

  /** The client has sent something. */
  receive(payload: Uint8Array): void {
    this.heardAt = this.#clock.now();
    if (this.#onDatagram !== undefined) this.#onDatagram(payload);
    else if (this.#waiting.length < MAX_WAITING) {
      this.#waiting.push(payload.slice());
    }
  }

  send(payload: Uint8Array, from: Peer = this.peer): void {
    this.heardAt = this.#clock.now();
    this.#send(payload, from);
  }

  deliver(onDatagram: (payload: Uint8Array) => void): void {
    this.#onDatagram = onDatagram;
    for (const payload of this.#waiting.splice(0)) onDatagram(payload);
  }

  end(): void {
    this.#waiting = [];
    this.#forget();
    this.#closed.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.end();
    return READY;
  }
}
