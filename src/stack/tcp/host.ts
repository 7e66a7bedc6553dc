import type { Millis } from "../../base/clock.ts";
import type { Segment } from "../../wire/tcp.ts";
import type { BufferPool } from "../buffer_pool.ts";
import type { DropReason } from "../drops.ts";
import type { Output } from "../output.ts";
import type { Timed } from "../timer_queue.ts";
import type { Plan } from "./snd.ts";
import type { TcpSocket } from "./socket.ts";

/** What a socket needs of the stack it lives in. */
export interface TcpHost {
  readonly output: Output;
  readonly pool: BufferPool;
  /** For whoever is sending; all sockets share one. */
  readonly scratch: { readonly segment: Segment; readonly plan: Plan };
  drop(reason: DropReason): void;
  /** Has the socket's `deliver` and `transmit` called by the next poll. */
  markDirty(socket: TcpSocket): void;
  /** The socket has ended, and its peer shall know: RST leaves with the next poll. */
  markAborted(socket: TcpSocket): void;
  /** Something waits in `output`. */
  markQueued(): void;
  /** `timed.deadline` may have come nearer. */
  schedule(timed: Timed): void;
  /** The socket has left SYN-RECEIVED. */
  established(socket: TcpSocket): void;
  /** The socket is closed: its key is free. */
  remove(socket: TcpSocket): void;
  /** The peer may not have got the socket's last ACK: answers for it from now on, in place of the socket. */
  enterTimeWait(socket: TcpSocket, now: Millis): void;
  /** Whether one more challenge ACK may be sent at all. RFC 5961 §7. */
  mayChallenge(now: Millis): boolean;
}
