import type { Millis } from "../../base/clock.ts";
import {
  ACK,
  FIN,
  RST,
  type Segment,
  segmentLength,
  SYN,
  TCP_HEADER,
} from "../../wire/tcp.ts";
import { type FlowKey, isIpv4, localPort, remotePort } from "../flow_key.ts";
import { answerProbe, challenge } from "./challenge.ts";
import type { TcpHost } from "./host.ts";
import { agree } from "./negotiation.ts";
import { seqAdd, seqDiff, seqLe, seqLt } from "./seq.ts";
import type { TcpSocket } from "./socket.ts";
import { mayReceive } from "./state.ts";

/** SEGMENT ARRIVES, RFC 9293 §3.10.7.3 and §3.10.7.4. `octets` is the packet the segment was read from. */
export function segmentArrives(
  socket: TcpSocket,
  segment: Segment,
  octets: Uint8Array,
  now: Millis,
): void {
  socket.keepAlive.heard(now);
  if (socket.state() === "SYN-SENT") {
    arrivesInSynSent(socket, segment, now);
  } else if (checkSequence(socket, segment, now)) {
    if (segment.flags & RST) checkReset(socket, segment, now);
    else if (segment.flags & SYN) challenge(socket, now);
    else if (checkAck(socket, segment, now)) {
      socket.timestamps.update(segment, socket.lastAckSent, now);
      takeAcknowledgedFin(socket);
      takeText(socket, segment, octets, now);
    }
  }
  if (socket.state() !== "CLOSED") socket.host.markDirty(socket);
}

/** RFC 9293 §3.5.2: a segment that belongs to no connection is answered with RST, and a RST with nothing. */
export function answerWithReset(
  host: TcpHost,
  key: FlowKey,
  segment: Segment,
): void {
  if (segment.flags & RST) return;
  const hasAck = (segment.flags & ACK) !== 0;
  const reset = host.scratch.segment;
  const ack = seqAdd(segment.seq, segmentLength(segment));
  reset.sourcePort = localPort(key);
  reset.destinationPort = remotePort(key);
  reset.seq = hasAck ? segment.ack : 0;
  reset.ack = hasAck ? 0 : ack;
  reset.flags = hasAck ? RST : RST | ACK;
  reset.window = 0;
  host.output.queueTcp(key, reset, TCP_HEADER);
  host.markQueued();
}

/** RFC 9293 §3.10.7.3. */
function arrivesInSynSent(
  socket: TcpSocket,
  segment: Segment,
  now: Millis,
): void {
  const { flags, ack } = segment;
  const acceptable = ack === socket.snd.sndNxt && seqLt(socket.snd.iss, ack);
  if (flags & ACK && !acceptable) {
    answerWithReset(socket.host, socket.key, segment);
    return;
  }
  if (flags & RST) {
    if (flags & ACK) socket.reset();
    return;
  }
  if (!(flags & SYN)) return;
  const { mtu, offload } = socket.host.output;
  const version = isIpv4(socket.key) ? 4 : 6;
  const agreement = agree(segment.options, version, mtu, offload.tcp);
  socket.synchronize(agreement, segment.seq);
  if (agreement.timestamps) socket.timestamps.take(segment.options.tsVal, now);
  // RFC 7323 §2.2: the window of a SYN is never scaled.
  socket.snd.window.set(segment, segment.window);
  if (flags & ACK) {
    socket.snd.acknowledge(segment, now, undefined);
    socket.establish();
    socket.acks.due = true;
  } else {
    socket.change("receive SYN");
    socket.resendSyn();
  }
}

/** First step, and PAWS before it (RFC 7323 §5.3). An unacceptable segment is answered with an ACK and dropped. */
function checkSequence(
  socket: TcpSocket,
  segment: Segment,
  now: Millis,
): boolean {
  const { rcv, acks, host } = socket;
  if (socket.timestamps.isOld(segment, now)) {
    host.drop("tcp.old timestamp");
    acks.due = true;
    return false;
  }
  if (rcv.isAcceptable(segment.seq, segmentLength(segment))) return true;
  if (segment.seq === rcv.rcvNxt) {
    // The window is shut: no text, but RST, ACK and FIN are heard. RFC 9293 §3.10.7.4.
    if (segment.payloadLength > 0) segment.flags &= ~FIN;
    segment.payloadLength = 0;
    acks.due = true;
    return true;
  }
  host.drop("tcp.unacceptable");
  if (segment.flags & RST) return false;
  if (segment.flags & SYN) {
    // RFC 5961 §4.2: whatever its sequence number. In SYN-RECEIVED it is the one that our SYN-ACK answers.
    if (socket.state() === "SYN-RECEIVED") socket.resendSyn();
    else challenge(socket, now);
  } else if (segmentLength(segment) > 0) {
    // The ACK for what the peer sends again may have been lost: this one is never held back.
    rcv.noteDuplicate(segment);
    acks.due = true;
  } else if (segment.seq === seqAdd(rcv.rcvNxt, -1)) {
    answerProbe(socket, now);
  } else {
    challenge(socket, now);
  }
  return false;
}

/** Second step, as RFC 5961 §3.2 has it. */
function checkReset(socket: TcpSocket, segment: Segment, now: Millis): void {
  const { rcv } = socket;
  // When the tail of what it sent was lost, the peer's SND.NXT lies behind what has arrived.
  // What has not begun may end by any number in the window. RFC 9293 §3.10.7.4.
  const exact = segment.seq === rcv.rcvNxt || segment.seq === rcv.highest();
  if (exact || socket.state() === "SYN-RECEIVED") {
    socket.reset();
  } else {
    challenge(socket, now);
  }
}

/** Fifth step. False: the segment is dropped. */
function checkAck(socket: TcpSocket, segment: Segment, now: Millis): boolean {
  const { snd, host } = socket;
  if (!(segment.flags & ACK)) {
    host.drop("tcp.flags");
    return false;
  }
  const { ack } = segment;
  if (socket.state() === "SYN-RECEIVED") {
    if (!seqLt(snd.sndUna, ack) || !seqLe(ack, snd.sndNxt)) {
      answerWithReset(host, socket.key, segment);
      return false;
    }
    snd.acknowledge(segment, now, socket.timestamps.echoedAt(segment, now));
    socket.establish();
    return true;
  }
  // RFC 5961 §5.2: neither of the future nor older than a window.
  const tooOld = seqDiff(snd.sndUna, ack) > snd.window.max;
  if (seqLt(snd.sndNxt, ack) || tooOld) {
    host.drop("tcp.bad ack");
    challenge(socket, now);
    return false;
  }
  if (seqLe(snd.sndUna, ack)) {
    const before = snd.buffer.octets();
    snd.acknowledge(segment, now, socket.timestamps.echoedAt(segment, now));
    if (snd.buffer.octets() < before) socket.news.noteWritable();
  }
  return true;
}

function takeAcknowledgedFin(socket: TcpSocket): void {
  if (!socket.snd.buffer.finAcknowledged(socket.snd.sndUna)) return;
  const state = socket.state();
  if (state === "LAST-ACK") socket.finish();
  if (state === "FIN-WAIT-1" || state === "CLOSING") {
    socket.change("receive ACK of FIN");
  }
}

/** Seventh and eighth step: segment text and FIN. The urgent pointer is not looked at (RFC 6093 §4). */
function takeText(
  socket: TcpSocket,
  segment: Segment,
  octets: Uint8Array,
  now: Millis,
): void {
  if (!mayReceive(socket.state()) || segmentLength(segment) === 0) return;
  const { rcv } = socket;
  const before = rcv.readable;
  const arrival = rcv.accept(segment, octets);
  if (arrival === "dropped") socket.host.drop("tcp.no room");
  const { payloadLength, flags } = segment;
  socket.acks.arrived(arrival, payloadLength, socket.offeredMss(), now);
  if (rcv.readable > before || rcv.finished) socket.news.noteReadable();
  if (flags & FIN) socket.acks.due = true;
  if (rcv.finished) socket.change("receive FIN");
}
