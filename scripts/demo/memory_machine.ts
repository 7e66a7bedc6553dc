import { SocketStream } from "../../src/app/tcp_flow.ts";
import { Driver } from "../../src/app/driver.ts";
import { systemClock } from "../../src/app/system_clock.ts";
import type { Device } from "../../src/device/device.ts";
import { makeFlowKey } from "../../src/stack/flow_key.ts";
import { createStack, type Stack } from "../../src/stack/stack.ts";
import { type Address, parseAddress } from "../../src/wire/address.ts";
import { onesComplementSum, pseudoHeaderSum } from "../../src/wire/checksum.ts";
import { ICMP, UDP } from "../../src/wire/ip_header.ts";
import { IPV4_HEADER, putIpv4, sealIpv4 } from "../../src/wire/ipv4.ts";
import {
  createPacketBuffer,
  HEADROOM,
  type PacketBuffer,
} from "../../src/wire/packet_buffer.ts";
import { putUdp, UDP_CHECKSUM, UDP_HEADER } from "../../src/wire/udp.ts";

/** Its address on the device. */
const ADDRESS = address("192.168.123.1");
/** In ms, for an answer. */
const PATIENCE = 5000;
/** The first that it connects from. */
const PORT = 40_000;
const END_OF_HEAD = "\r\n\r\n";

/** A machine whose only network is a device in memory: our stack opens its connections, datagrams it writes by hand. */
export class MemoryMachine {
  readonly #device: Device;
  readonly #driver: Driver;
  #port = PORT;
  #answer: ((protocol: number, payload: Uint8Array) => void) | undefined;

  constructor(device: Device) {
    this.#device = device;
    this.#driver = new Driver({
      clock: systemClock(),
      createStack: (onDirty) => createMachineStack(device, onDirty),
    });
  }

  /** Until the device is closed. */
  async run(): Promise<void> {
    await this.#driver.run(this.#tapped());
    this.#driver.stop();
  }

  /** Lends the body's octets as they come. Rejects where the connection is refused. */
  async get(url: string, take: (octets: Uint8Array) => void): Promise<void> {
    const { hostname, port, host, pathname } = new URL(url);
    const socket = this.#driver.stack.connect(makeFlowKey(
      { address: address(hostname), port: Number(port || 80) },
      { address: ADDRESS, port: this.#port++ },
    ));
    if (socket === undefined) throw new Error("The port is in use");
    await using stream = new SocketStream(socket, () => {});
    await stream.established;
    const ask = `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n` +
      `Connection: close${END_OF_HEAD}`;
    await stream.write(new TextEncoder().encode(ask));
    let head: string | undefined = "";
    const takeBehindHead = (octets: Uint8Array): void => {
      if (head === undefined) return take(octets);
      const text = head + new TextDecoder("latin1").decode(octets);
      const end = text.indexOf(END_OF_HEAD);
      if (end < 0) {
        head = text;
        return;
      }
      take(octets.subarray(end + END_OF_HEAD.length - head.length));
      head = undefined;
    };
    while (await stream.read(takeBehindHead));
    await stream.closeWrite();
  }

  /** One datagram there, and the one that comes back. */
  async ask(
    host: string,
    port: number,
    query: Uint8Array,
  ): Promise<Uint8Array> {
    const reply = await this.#exchange(UDP, host, UDP_HEADER + query.length, (
      { bytes, view },
      offset,
    ) => {
      const ports = { source: this.#port++, destination: port };
      putUdp(view, offset, ports, query.length);
      bytes.set(query, offset + UDP_HEADER);
      const length = UDP_HEADER + query.length;
      const pseudo = pseudoHeaderSum(view, offset - 8, 4, UDP, length);
      const sum = ~onesComplementSum(view, offset, length, pseudo);
      view.setUint16(offset + UDP_CHECKSUM, sum);
    });
    return reply.subarray(UDP_HEADER);
  }

  /** Rejects where no echo reply comes. RFC 792. */
  async ping(host: string): Promise<void> {
    const request = Uint8Array.of(8, 0, 0, 0, 0x74, 0x75, 0, 1);
    const reply = await this.#exchange(ICMP, host, request.length, (
      { bytes, view },
      offset,
    ) => {
      bytes.set(request, offset);
      const sum = ~onesComplementSum(view, offset, request.length);
      view.setUint16(offset + 2, sum);
    });
    if (reply[0] !== 0) throw new Error(`ICMP type ${reply[0]} from ${host}`);
  }

  /** Sends an IPv4 packet and resolves with the payload of the next one of its protocol. */
  async #exchange(
    protocol: number,
    host: string,
    payloadLength: number,
    put: (packet: PacketBuffer, offset: number) => void,
  ): Promise<Uint8Array> {
    const packet = createPacketBuffer();
    const { bytes, view } = packet;
    const fields = { payloadLength, protocol, identification: 1 };
    putIpv4(view, HEADROOM, { ...fields, dontFragment: false });
    bytes.set([...ADDRESS, ...address(host)], HEADROOM + 12);
    sealIpv4(view, HEADROOM);
    put(packet, HEADROOM + IPV4_HEADER);
    packet.length = IPV4_HEADER + payloadLength;

    const reply = Promise.withResolvers<Uint8Array>();
    const late = new Error(`No answer from ${host}`);
    const timer = setTimeout(() => reply.reject(late), PATIENCE);
    this.#answer = (from, payload) => {
      if (from === protocol) reply.resolve(payload);
    };
    this.#device.send(packet);
    try {
      return await reply.promise;
    } finally {
      clearTimeout(timer);
      this.#answer = undefined;
    }
  }

  /** The device without what `#exchange` waits for: our stack ends TCP, and answers others' questions, but asks none. */
  #tapped(): Device {
    const device = this.#device;
    const receive = (into: PacketBuffer): boolean => {
      while (device.receive(into)) {
        const { bytes, view, start, length } = into;
        const protocol = view.getUint8(start + 9);
        if (protocol !== UDP && protocol !== ICMP) return true;
        const payload = bytes.slice(start + IPV4_HEADER, start + length);
        this.#answer?.(protocol, payload);
      }
      return false;
    };
    return {
      name: device.name,
      mtu: device.mtu,
      offload: device.offload,
      readable: () => device.readable(),
      receive,
      send: (packet) => device.send(packet),
      [Symbol.asyncDispose]: () => device[Symbol.asyncDispose](),
    };
  }
}

function createMachineStack(
  { mtu, offload }: Device,
  onDirty: () => void,
): Stack {
  return createStack({
    mtu,
    offload,
    random: (into) => {
      crypto.getRandomValues(into as Uint8Array<ArrayBuffer>);
    },
    gateways: new Set(),
    broadcasts: new Set(),
    udpTimeout: PATIENCE,
    onSyn: (syn) => syn.reject("refused"),
    onSession: (session) => session.reject("refused"),
    onDirty,
  });
}

function address(text: string): Address {
  const octets = parseAddress(text);
  if (octets === undefined) throw new Error(`Not an address: ${text}`);
  return octets;
}
