import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { DeviceError } from "../base/errors.ts";
import type { Endpoint } from "../flow/flow.ts";
import {
  type ByteStream,
  type DatagramChannel,
  deferred,
  type Peer,
} from "../flow/stream.ts";
import { AddressHeaders } from "../framing/addressed_datagrams.ts";
import {
  putSocksDatagram,
  SocksSources,
  socksUdpHeaderLength,
} from "../proto/socks5_udp.ts";

/** Datagrams that came before somebody wanted them; the newest is dropped. */
const MAX_WAITING = 16;

export interface AssociationOptions {
  /** Ends the association with its end; taken over. */
  readonly control: ByteStream;
  /** Whose datagrams are taken: an address. */
  readonly client: string;
  /** The address of ours that the client has reached. */
  readonly host: string;
  /** Room for the largest datagram and its header; used within `send` only. */
  readonly scratch: Uint8Array<ArrayBuffer>;
}

/** A UDP port of ours for the datagrams of one client, each of which names its peer. RFC 1928 §7. */
export interface Association extends DatagramChannel {
  readonly address: Endpoint;
}

/** Rejects with a DeviceError where there is no port. */
export async function openAssociation(
  options: AssociationOptions,
): Promise<Association> {
  const { host, control } = options;
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  await new Promise<void>((resolve, reject) => {
    socket.once("error", (error: Error & { code?: string }) => {
      const message = `Cannot open a UDP port at ${host}: ${error.message}`;
      reject(new DeviceError("bind", error.code ?? "", message));
    });
    socket.bind(0, host, resolve);
  });
  socket.removeAllListeners("error");
  // An ICMP error for one datagram says nothing of the others.
  socket.on("error", () => {});
  const closed = deferred<void>();
  untilEnd(control).then(closed.resolve, closed.reject);
  return new SocksAssociation(socket, options, closed);
}

async function untilEnd(control: ByteStream): Promise<void> {
  while (await control.read(() => {}));
}

class SocksAssociation implements Association {
  readonly address: Endpoint;
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #options: AssociationOptions;
  readonly #closed: PromiseWithResolvers<void>;
  readonly #sources = new SocksSources();
  readonly #headers = new AddressHeaders();
  #waiting: Uint8Array[] = [];
  #onDatagram: ((payload: Uint8Array, to?: Peer) => void) | undefined;
  /** Where the client's latest datagram came from. */
  #port = 0;

  constructor(
    socket: Socket,
    options: AssociationOptions,
    closed: PromiseWithResolvers<void>,
  ) {
    this.#socket = socket;
    this.#options = options;
    this.#closed = closed;
    this.closed = closed.promise;
    this.address = { host: options.host, port: socket.address().port };
    socket.on("message", (datagram: Uint8Array, from: RemoteInfo) => {
      if (from.address !== options.client) return;
      this.#port = from.port;
      if (this.#onDatagram !== undefined) this.#receive(datagram);
      else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(datagram);
    });
  }

  send(payload: Uint8Array, to?: Peer): void {
    const header = to && this.#headers.of(to);
    if (header === undefined || this.#port === 0) return;
    const { scratch, client } = this.#options;
    const end = putSocksDatagram(scratch, 0, header, payload);
    // Kept by node:dgram until the system has it.
    this.#socket.send(scratch.slice(0, end), this.#port, client, () => {});
  }

  deliver(onDatagram: (payload: Uint8Array, to?: Peer) => void): void {
    this.#onDatagram = onDatagram;
    for (const datagram of this.#waiting.splice(0)) this.#receive(datagram);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.resolve();
    this.#socket.removeAllListeners("message");
    this.#socket.close();
    await this.#options.control[Symbol.asyncDispose]();
  }

  #receive(datagram: Uint8Array): void {
    const header = socksUdpHeaderLength(datagram);
    if (header === undefined) return;
    const to = this.#sources.find(datagram);
    this.#onDatagram?.(datagram.subarray(header), to);
  }
}
