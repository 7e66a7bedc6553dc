import type { Offload, PacketBuffer } from "../wire/packet_buffer.ts";

/** An IP network device: whole packets, no link header. */
export interface Device extends AsyncDisposable {
  readonly name: string;
  /** Largest ordinary IP packet in octets, IP header included; a super-packet may be up to 65 535. */
  readonly mtu: number;
  readonly offload: Offload;
  /** Resolves true once a packet may wait, false once closed. One await per burst. */
  readable(): Promise<boolean>;
  /** Reads one packet into `into`; false when none waits. Never blocks. */
  receive(into: PacketBuffer): boolean;
  /** Writes one packet or super-packet; false when the OS queue is full and it is lost, as IP allows. */
  send(packet: PacketBuffer): boolean;
}
