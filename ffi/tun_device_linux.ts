import type { Log } from "../src/base/log.ts";
import type { Device } from "../src/device/device.ts";
import {
  HEADROOM,
  MAX_PACKET,
  type Offload,
  type PacketBuffer,
} from "../src/wire/packet_buffer.ts";
import { ERRNO } from "./errno.ts";
import type { Libc } from "./libc.ts";
import { PacketArrival } from "./packet_arrival.ts";
import type { OpenReader } from "./reader.ts";
import {
  isUdpSuperPacket,
  readVirtioNetHdr,
  VIRTIO_NET_HDR,
  writeVirtioNetHdr,
} from "./virtio_net_hdr.ts";

export interface LinuxTunOptions {
  /** Of /dev/net/tun, non-blocking, attached to the device; taken over. */
  readonly fd: number;
  readonly name: string;
  readonly mtu: number;
  /** Whether every packet has a `virtio_net_hdr` of VIRTIO_NET_HDR octets in front. */
  readonly headers: boolean;
  readonly offload: Offload;
  /** False once somebody has deleted the device. */
  readonly exists: () => boolean;
  /** A deletion wakes nobody who reads: only the kernel's news of the link's end tell. */
  readonly watchNetwork: (onChange: () => void) => Disposable;
  /** Tells the kernel to hand out no more TCP super-packets. */
  readonly stopTcpOffload: () => void;
  readonly libc: Libc;
  readonly openReader: OpenReader;
  readonly log: Log;
}

/** A TUN whose link is up. */
export class LinuxTun implements Device {
  readonly name: string;
  readonly mtu: number;
  readonly #offload: { -readonly [Key in keyof Offload]: Offload[Key] };
  readonly #options: LinuxTunOptions;
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #headerLength: number;
  readonly #arrival: PacketArrival;
  readonly #watch: Disposable;

  constructor(options: LinuxTunOptions) {
    this.name = options.name;
    this.mtu = options.mtu;
    this.#options = options;
    this.#offload = { ...options.offload };
    this.#libc = options.libc;
    this.#fd = options.fd;
    this.#headerLength = options.headers ? VIRTIO_NET_HDR : 0;
    const { fd, libc, openReader } = options;
    this.#arrival = new PacketArrival({
      ...{ fd, openReader, errno: libc.errno, eagain: ERRNO.EAGAIN },
      size: VIRTIO_NET_HDR + MAX_PACKET,
      read: (into) => libc.read(fd, into, into.length),
    });
    this.#watch = options.watchNetwork(() => {
      if (!options.exists()) this.#arrival.lose();
    });
  }

  /** One object for the device's life. A kernel that refuses what its probe granted turns fields of it to false. */
  get offload(): Offload {
    return this.#offload;
  }

  readable(): Promise<boolean> {
    return this.#arrival.readable();
  }

  receive(into: PacketBuffer): boolean {
    const arrival = this.#arrival;
    while (!arrival.gone) {
      const octets = this.#read(into);
      if (octets < 0) {
        if (this.#libc.errno() === ERRNO.EBADFD) arrival.lose();
        return false;
      }
      if (this.#accept(into, octets)) return true;
    }
    return false;
  }

  send(packet: PacketBuffer): boolean {
    if (this.#arrival.gone) return false;
    const { headers } = this.#options;
    if (headers) writeVirtioNetHdr(packet);
    const written = this.#libc.write(
      this.#fd,
      this.#octets(packet, packet.start),
      this.#headerLength + packet.length,
    );
    if (written >= 0) return true;
    const errno = this.#libc.errno();
    if (errno === ERRNO.EINVAL && packet.segmentSize > 0) {
      this.#withdrawOffload(packet);
    }
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch[Symbol.dispose]();
    await this.#arrival.close();
  }

  /** The octets of `packet` from its header on. Only a device without headers pays for a view (25 ns and its garbage). */
  #octets({ bytes }: PacketBuffer, start: number): Uint8Array<ArrayBuffer> {
    const at = start - this.#headerLength;
    return at === 0 ? bytes : bytes.subarray(at);
  }

  #read(into: PacketBuffer): number {
    const octets = this.#octets(into, HEADROOM);
    return this.#arrival.length > 0
      ? this.#arrival.take(octets)
      : this.#libc.read(this.#fd, octets, octets.length);
  }

  #accept(packet: PacketBuffer, octets: number): boolean {
    if (this.#options.headers) return readVirtioNetHdr(packet, octets);
    packet.start = HEADROOM;
    packet.length = octets;
    packet.checksum = "unknown";
    packet.segmentSize = 0;
    return octets > 0;
  }

  /** The packet is lost, as IP allows; its sender will find the offload gone when it sends again. */
  #withdrawOffload(packet: PacketBuffer): void {
    if (isUdpSuperPacket(packet)) {
      this.#offload.udp = false;
    } else {
      this.#offload.tcp = false;
      this.#options.stopTcpOffload();
    }
    const { tcp, udp } = this.#offload;
    this.#options.log.warn("device.offload", { name: this.name, tcp, udp });
  }
}
