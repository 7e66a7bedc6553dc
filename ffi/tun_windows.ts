import { DeviceError } from "../src/base/errors.ts";
import type { Device } from "../src/device/device.ts";
import type { TunOptions } from "../src/device/open_tun.ts";
import { type Guid, windowsGuid } from "../src/system/windows_guid.ts";
import {
  HEADROOM,
  type Offload,
  type PacketBuffer,
} from "../src/wire/packet_buffer.ts";
import { WINDOWS_ERRNO, windowsErrnoName } from "./errno_windows.ts";
import { hasIpv4 } from "./interfaces_windows.ts";
import type { WindowsPoller } from "./poller_windows.ts";
import { type Handle, wideString, type Windows } from "./windows.ts";
import type { Wintun } from "./wintun.ts";

const TUNNEL_TYPE = "Tungo";

/** wintun.h: a ring has a power of two of octets, within these. */
const MIN_RING = 0x20000;
const MAX_RING = 0x4000000;

/** How long an adapter may take to get its interface, and between two looks. In ms. */
const MAX_DELAY = 5000;
const DELAY = 20;

/** Packets that the ring holds: two windows of 4 MiB. */
const QUEUE_LENGTH = 6000;

const NO_OFFLOAD: Offload = { tcp: false, udp: false, checksum: false };

export interface TunSupport {
  readonly lib: Windows;
  readonly poller: WindowsPoller;
  /** Opened by the first device: without one nobody needs the driver. */
  readonly openWintun: () => Wintun;
}

export function openTun(options: TunOptions, support: TunSupport): Device {
  const { name, mtu, queueLength = QUEUE_LENGTH } = options;
  const wintun = support.openWintun();
  try {
    const adapter = openAdapter(name, wintun, support.lib);
    const capacity = ringOf(queueLength, mtu);
    const session = wintun.WintunStartSession(adapter, capacity);
    if (session === null) {
      const failure = describeFailure(name, support.lib.GetLastError());
      wintun.WintunCloseAdapter(adapter);
      throw failure;
    }
    const { lib, poller } = support;
    awaitInterface(adapter, wintun, lib);
    return new WintunTun({ name, mtu, adapter, session, wintun, lib, poller });
  } catch (error) {
    wintun[Symbol.dispose]();
    throw error;
  }
}

/** A new one, or the one of this name that somebody has left: wintun takes away those whose program has ended. */
function openAdapter(name: string, wintun: Wintun, lib: Windows): Handle {
  const wide = wideString(name);
  const guid = guidStruct(windowsGuid(name));
  const created = wintun.WintunCreateAdapter(
    wide,
    wideString(TUNNEL_TYPE),
    guid,
  );
  if (created !== null) return created;
  const errno = lib.GetLastError();
  const opened = errno === WINDOWS_ERRNO.ERROR_ALREADY_EXISTS
    ? wintun.WintunOpenAdapter(wide)
    : null;
  if (opened !== null) return opened;
  throw describeFailure(name, errno);
}

/** Windows takes a moment to give an adapter its interface, without which there is nothing to set an address on. */
function awaitInterface(adapter: Handle, wintun: Wintun, lib: Windows): void {
  const luid = new BigUint64Array(1);
  wintun.WintunGetAdapterLUID(adapter, new Uint8Array(luid.buffer));
  for (let waited = 0; waited < MAX_DELAY; waited += DELAY) {
    if (hasIpv4(luid[0] ?? 0n, lib)) return;
    lib.Sleep(DELAY);
  }
}

/** guiddef.h: GUID { u32 Data1; u16 Data2; u16 Data3; u8 Data4[8]; }, in little endian. */
export function guidStruct(guid: Guid): Uint8Array<ArrayBuffer> {
  const octets = Uint8Array.from(guid);
  octets.subarray(0, 4).reverse();
  octets.subarray(4, 6).reverse();
  octets.subarray(6, 8).reverse();
  return octets;
}

function ringOf(packets: number, mtu: number): number {
  const wanted = 2 ** Math.ceil(Math.log2(packets * mtu));
  return Math.min(MAX_RING, Math.max(MIN_RING, wanted));
}

function describeFailure(name: string, errno: number): DeviceError {
  const said = windowsErrnoName(errno);
  return new DeviceError(
    "WintunCreateAdapter",
    said,
    `Cannot make the device "${name}": ${said}`,
    errno === WINDOWS_ERRNO.ERROR_ACCESS_DENIED
      ? "Run tungo as administrator (right click, or `Start-Process tungo -Verb RunAs`)"
      : undefined,
  );
}

interface WintunTunOptions {
  readonly name: string;
  readonly mtu: number;
  /** These are taken over. */
  readonly adapter: Handle;
  readonly session: Handle;
  readonly wintun: Wintun;
  readonly lib: Windows;
  readonly poller: WindowsPoller;
}

/** An adapter whose session runs. Packets are copied once, between wintun's ring and a buffer of ours. */
class WintunTun implements Device {
  readonly name: string;
  readonly mtu: number;
  readonly offload = NO_OFFLOAD;
  readonly #options: WintunTunOptions;
  readonly #session: Handle;
  readonly #event: Handle;
  readonly #length = new Uint32Array(1);
  readonly #lengthBytes = new Uint8Array(this.#length.buffer);
  /** The packet that is next, still in the ring. */
  #next: Handle = null;
  #waiting: Promise<boolean> | undefined;
  #gone = false;

  constructor(options: WintunTunOptions) {
    this.name = options.name;
    this.mtu = options.mtu;
    this.#options = options;
    this.#session = options.session;
    this.#event = options.wintun.WintunGetReadWaitEvent(options.session);
  }

  readable(): Promise<boolean> {
    if (this.#peek()) return Promise.resolve(true);
    if (this.#gone) return Promise.resolve(false);
    this.#waiting ??= this.#wait();
    return this.#waiting;
  }

  receive(into: PacketBuffer): boolean {
    if (!this.#peek()) return false;
    const { wintun, lib } = this.#options;
    const room = into.bytes.length - HEADROOM;
    into.start = HEADROOM;
    into.length = Math.min(this.#length[0] ?? 0, room);
    into.checksum = "unknown";
    into.segmentSize = 0;
    // A view costs less than a second call that would copy to the buffer's start.
    lib.readMemory(into.bytes.subarray(HEADROOM), this.#next, into.length);
    wintun.WintunReleaseReceivePacket(this.#session, this.#next);
    this.#next = null;
    return true;
  }

  send({ bytes, start, length }: PacketBuffer): boolean {
    if (this.#gone) return false;
    const { wintun, lib } = this.#options;
    const place = wintun.WintunAllocateSendPacket(this.#session, length);
    // The ring is full, and nothing tells when it is not any more.
    if (place === null) return false;
    lib.writeMemory(place, bytes.subarray(start, start + length), length);
    wintun.WintunSendPacket(this.#session, place);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#gone) return;
    this.#gone = true;
    const { poller, wintun, adapter } = this.#options;
    poller.forgetHandle(this.#event);
    await this.#waiting;
    if (this.#next !== null) {
      wintun.WintunReleaseReceivePacket(this.#session, this.#next);
    }
    wintun.WintunEndSession(this.#session);
    wintun.WintunCloseAdapter(adapter);
    wintun[Symbol.dispose]();
  }

  /** For a packet that comes into the empty ring: of others the event does not tell. */
  async #wait(): Promise<boolean> {
    const { poller } = this.#options;
    let alive = true;
    do {
      alive = await poller.waitForHandle(this.#event);
    } while (alive && !this.#peek() && !this.#gone);
    this.#waiting = undefined;
    return alive && !this.#gone;
  }

  #peek(): boolean {
    if (this.#gone) return false;
    if (this.#next !== null) return true;
    const { wintun, lib } = this.#options;
    this.#next = wintun.WintunReceivePacket(this.#session, this.#lengthBytes);
    if (this.#next !== null) return true;
    // Any other reason than an empty ring is the adapter's end: somebody has removed it.
    if (lib.GetLastError() !== WINDOWS_ERRNO.ERROR_NO_MORE_ITEMS) {
      this.#gone = true;
    }
    return false;
  }
}
