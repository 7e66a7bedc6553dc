import { BoundedMap } from "../base/bounded_map.ts";
import type {
  Network,
  SocketOptions,
  UdpPort,
  UdpSocket,
} from "../base/socket.ts";
import { formatEndpoint, type Target } from "../flow/flow.ts";
import {
  type DatagramChannel,
  deferred,
  type Peer,
  READY,
} from "../flow/stream.ts";

/** Strangers of a port that keep their identity. */
const MAX_PEERS = 1024;

type UdpNetwork = Pick<Network, "openUdp" | "openUdpPort">;
type OnDatagram = (payload: Uint8Array, from?: Peer) => void;

/**
 * UDP sockets of ours: those of one source share a port, so that its mapping is endpoint-independent (RFC 4787 §4.1), and each is
 * connected, so that ICMP's errors still find the flow that they are for. From a source's second flow on, whoever knows the port
 * reaches the application (RFC 4787 §5); for one that is open to all from its first.
 */
export class SharedPorts {
  readonly #network: UdpNetwork;
  /** By source and what the port is bound to. An entry goes with its last socket. */
  readonly #ports = new Map<string, SharedPort>();

  constructor(network: UdpNetwork) {
    this.#network = network;
  }

  /** Throws a DialError. */
  open(target: Target, options: SocketOptions): DatagramChannel {
    const key = keyOf(target, options);
    const known = this.#ports.get(key);
    const udp = this.#openUdp(options, known?.localPort ?? 0);
    const port = known?.localPort === udp.localPort ? known : new SharedPort(
      udp.localPort,
    );
    // A source that is nobody's, and a port that cannot be shared, stay on their own.
    if (target.src.port !== 0 && udp.localPort !== 0) {
      this.#ports.set(key, port);
    }
    const channel = port.add(udp, () => {
      if (this.#ports.get(key) === port) this.#ports.delete(key);
    });
    if (target.isOpenToAll || port.sockets() > 1) {
      port.listen(this.#network, options);
    }
    return channel;
  }

  #openUdp(options: SocketOptions, localPort: number): UdpSocket {
    if (localPort === 0) return this.#network.openUdp(options);
    try {
      return this.#network.openUdp({ ...options, localPort });
    } catch {
      // Somebody else may have taken the port at another address of ours; a socket without one says what is really wrong.
      return this.#network.openUdp(options);
    }
  }
}

function keyOf(
  { src }: Target,
  { host, interface: by = "", netns = "" }: SocketOptions,
): string {
  const family = host.includes(":") ? 6 : 4;
  return `${formatEndpoint(src)} ${family} ${by} ${netns}`;
}

/** One port, and the sockets that have it. */
class SharedPort {
  readonly localPort: number;
  readonly #receivers = new Map<UdpSocket, OnDatagram>();
  readonly #peers = new BoundedMap<string, Peer>(MAX_PEERS);
  #strangers: UdpPort | undefined;

  constructor(localPort: number) {
    this.localPort = localPort;
  }

  sockets(): number {
    return this.#receivers.size;
  }

  /** `onEmpty` is told when the last socket has gone. */
  add(udp: UdpSocket, onEmpty: () => void): DatagramChannel {
    const closed = deferred<void>();
    udp.onError = closed.reject;
    this.#receivers.set(udp, () => {});
    return {
      send: (payload) => udp.send(payload),
      deliver: (onDatagram) => {
        udp.onDatagram = onDatagram;
        if (this.#receivers.has(udp)) this.#receivers.set(udp, onDatagram);
      },
      closed: closed.promise,
      [Symbol.asyncDispose]: () => {
        udp[Symbol.dispose]();
        closed.resolve();
        if (this.#receivers.delete(udp) && this.#receivers.size === 0) {
          this.#strangers?.[Symbol.dispose]();
          onEmpty();
        }
        return READY;
      },
    };
  }

  /** Hears whoever else sends to the port, from now on. */
  listen(
    { openUdpPort }: UdpNetwork,
    options: SocketOptions,
  ): void {
    if (this.#strangers !== undefined || this.localPort === 0) return;
    try {
      const { localPort } = this;
      this.#strangers = openUdpPort?.({ ...options, localPort });
    } catch {
      // The flows themselves are as good without.
      return;
    }
    if (this.#strangers === undefined) return;
    this.#strangers.onDatagram = (payload, from) => {
      // Any of the flows knows the way to the application.
      const [first] = this.#receivers.values();
      first?.(payload, this.#peer(from));
    };
  }

  #peer(from: Peer): Peer {
    const key = formatEndpoint(from);
    const known = this.#peers.get(key);
    if (known !== undefined) return known;
    this.#peers.set(key, from);
    return from;
  }
}
