import type { Log } from "../base/log.ts";
import type { Device } from "./device.ts";

export interface TunOptions {
  /** At most 15 octets. Where the system knows it, `%d` becomes the first free number. */
  readonly name: string;
  /** Largest ordinary IP packet in octets, 68 to 65 535; IPv6 needs 1280. */
  readonly mtu: number;
  /** Packets that the system holds for us before it drops. */
  readonly queueLength?: number;
  /** Told when the system takes an offload back that its probe had granted. */
  readonly log: Log;
}

/** Makes the device and switches it on; its addresses and routes come later. Throws a DeviceError with its remedy. */
export type OpenTun = (options: TunOptions) => Device;
