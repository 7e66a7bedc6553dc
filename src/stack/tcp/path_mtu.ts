import { TIMESTAMPS_LENGTH } from "../../wire/tcp_options.ts";
import { isIpv4 } from "../flow_key.ts";
import type { QuotedPacket } from "../icmp.ts";
import { mssOfPath } from "./negotiation.ts";
import type { TcpSocket } from "./socket.ts";

/**
 * RFC 1191 §6.4, RFC 8201 §5.4: sends smaller segments, and again what did not come through. False when the quoted packet
 * is none of those in flight (RFC 5927 §7.2), or was small enough.
 */
export function tooBig(
  socket: TcpSocket,
  { seq, length }: QuotedPacket,
  mtu: number,
): boolean {
  const { key, snd, timestamps, host } = socket;
  const version = isIpv4(key) ? 4 : 6;
  const options = timestamps.enabled ? TIMESTAMPS_LENGTH : 0;
  const mss = mssOfPath(version, mtu, length) - options;
  if (socket.isOpening() || !snd.isInFlight(seq)) return false;
  if (!snd.shrink(mss)) return false;
  host.markDirty(socket);
  return true;
}
