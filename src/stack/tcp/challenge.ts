import type { Millis } from "../../base/clock.ts";
import type { TcpSocket } from "./socket.ts";

/** RFC 5961 §7: a flow sends no more than one challenge ACK in this time. */
const INTERVAL: Millis = 500;

/** RFC 5961 §7: an ACK that asks the peer whether it meant what came, no more often than is useful. */
export function challenge(socket: TcpSocket, now: Millis): void {
  const soon = now - socket.challengedAt < INTERVAL;
  if (soon || !socket.host.mayChallenge(now)) {
    socket.host.drop("tcp.challenge limit");
    return;
  }
  socket.challengedAt = now;
  socket.acks.due = true;
}

/** A keep-alive or a window probe came: answered whenever the limit of all flows allows it. RFC 9293 §3.8.4, §3.8.6.1. */
export function answerProbe(socket: TcpSocket, now: Millis): void {
  if (socket.host.mayChallenge(now)) socket.acks.due = true;
  else socket.host.drop("tcp.challenge limit");
}
