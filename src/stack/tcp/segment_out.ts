import type { Millis } from "../../base/clock.ts";
import {
  ACK,
  FIN,
  PSH,
  RST,
  type Segment,
  SYN,
  TCP_HEADER,
} from "../../wire/tcp.ts";
import {
  putSack,
  putSynOptions,
  putTimestamps,
} from "../../wire/tcp_options.ts";
import { localPort, remotePort } from "../flow_key.ts";
import { seqAdd } from "./seq.ts";
import type { Plan } from "./snd.ts";
import type { TcpSocket } from "./socket.ts";
import { maySend } from "./state.ts";

/** What one flow may send in one poll, in octets: a bulk flow must not stand in front of all others. */
const POLL_OCTETS = 512 * 1024;

/** SYN in SYN-SENT, SYN-ACK in SYN-RECEIVED. */
export function sendSyn(socket: TcpSocket, now: Millis): void {
  const { output } = socket.host;
  const answer = socket.state() === "SYN-RECEIVED";
  const segment = header(socket, socket.snd.iss, answer ? SYN | ACK : SYN);
  segment.ack = answer ? socket.rcv.rcvNxt : 0;
  segment.window = socket.rcv.synWindow();
  segment.payloadLength = 0;
  const at = output.transportAt(socket.key) + TCP_HEADER;
  const options = putSynOptions(output.packet.view, at, {
    mss: socket.offeredMss(),
    windowScale: socket.offeredScale(),
    sackPermitted: socket.sackPermitted,
    timestamps: socket.timestamps.enabled,
    tsVal: socket.timestamps.value(now),
    tsEcr: answer ? socket.timestamps.recent : 0,
  });
  socket.snd.sentSyn(now);
  output.sendTcp(socket.key, segment, TCP_HEADER + options, 0);
  if (answer) sentAck(socket);
}

/** Text and FIN, as much as may leave now. */
export function sendText(socket: TcpSocket, now: Millis): void {
  const { snd, host } = socket;
  const { plan } = host.scratch;
  let octets = 0;
  while (octets < POLL_OCTETS && snd.next(plan, now)) {
    if (plan.fin && maySend(socket.state())) socket.change("send FIN");
    sendPlan(socket, plan, now);
    snd.sent(plan, now);
    octets += plan.length;
  }
  if (octets >= POLL_OCTETS) host.markDirty(socket);
  else snd.settle(now);
}

function sendPlan(socket: TcpSocket, plan: Plan, now: Millis): void {
  const { output } = socket.host;
  const push = plan.push && plan.length > 0 ? PSH : 0;
  const flags = ACK | push | (plan.fin ? FIN : 0);
  const segment = header(socket, plan.seq, flags);
  segment.payloadLength = plan.length;
  const at = output.transportAt(socket.key) + TCP_HEADER;
  const options = putTimestampsOf(socket, at, now);
  if (plan.length > 0) {
    const { bytes } = output.packet;
    socket.snd.buffer.copy(plan.seq, plan.length, bytes, at + options);
  }
  const mss = socket.snd.mss();
  const segmentSize = plan.length > mss ? mss : 0;
  output.sendTcp(socket.key, segment, TCP_HEADER + options, segmentSize);
  sentAck(socket);
}

/** An ACK and nothing else, with what SACK has to say. */
export function sendAck(socket: TcpSocket, now: Millis): void {
  const segment = header(socket, socket.snd.sndNxt, ACK);
  segment.payloadLength = 0;
  const { output, scratch } = socket.host;
  const at = output.transportAt(socket.key) + TCP_HEADER;
  let options = putTimestampsOf(socket, at, now);
  if (socket.rcv.hasSackBlocks()) {
    const edges = scratch.segment.options.sack;
    const blocks = socket.rcv.sackBlocks(edges, options > 0 ? 3 : 4);
    options += putSack(output.packet.view, at + options, edges, blocks);
  }
  // RFC 5681 §3.2: a peer without SACK counts them.
  const copies = socket.sackPermitted ? 1 : Math.max(1, socket.acks.duplicates);
  for (let i = 0; i < copies; i++) {
    output.sendTcp(socket.key, segment, TCP_HEADER + options, 0);
  }
  sentAck(socket);
}

/** A number that the peer has got already, so that it must answer with its window, or at all. RFC 9293 §3.8.4, §3.8.6.1. */
export function sendProbe(socket: TcpSocket, now: Millis): void {
  const segment = header(socket, seqAdd(socket.snd.sndUna, -1), ACK);
  segment.payloadLength = 0;
  const { output } = socket.host;
  const at = output.transportAt(socket.key) + TCP_HEADER;
  const options = putTimestampsOf(socket, at, now);
  output.sendTcp(socket.key, segment, TCP_HEADER + options, 0);
  sentAck(socket);
}

/** RST behind everything that the peer can accept, from a socket that has ended. RFC 7323 §3.2 wants timestamps in it too. */
export function sendReset(socket: TcpSocket, now: Millis): void {
  const { output, scratch } = socket.host;
  const { segment } = scratch;
  segment.sourcePort = localPort(socket.key);
  segment.destinationPort = remotePort(socket.key);
  segment.seq = socket.snd.resetSeq();
  segment.ack = socket.rcv.rcvNxt;
  segment.flags = RST | ACK;
  segment.window = 0;
  segment.payloadLength = 0;
  const at = output.transportAt(socket.key) + TCP_HEADER;
  const options = putTimestampsOf(socket, at, now);
  output.sendTcp(socket.key, segment, TCP_HEADER + options, 0);
}

function header(socket: TcpSocket, seq: number, flags: number): Segment {
  const { segment } = socket.host.scratch;
  segment.sourcePort = localPort(socket.key);
  segment.destinationPort = remotePort(socket.key);
  segment.seq = seq;
  segment.ack = socket.rcv.rcvNxt;
  segment.flags = flags;
  segment.window = flags & SYN ? 0 : socket.rcv.window();
  return segment;
}

function putTimestampsOf(socket: TcpSocket, at: number, now: Millis): number {
  const { timestamps } = socket;
  if (!timestamps.enabled) return 0;
  const { view } = socket.host.output.packet;
  return putTimestamps(view, at, timestamps.value(now), timestamps.recent);
}

function sentAck(socket: TcpSocket): void {
  socket.lastAckSent = socket.rcv.rcvNxt;
  socket.acks.sent();
}
