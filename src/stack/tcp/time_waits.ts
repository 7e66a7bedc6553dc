import type { Millis } from "../../base/clock.ts";
import type { FlowTable } from "../flow_table.ts";
import type { TimerQueue } from "../timer_queue.ts";
import type { PendingSyn } from "./pending_syn.ts";
import type { TcpSocket } from "./socket.ts";
import { TimeWait } from "./time_wait.ts";

/** Ended connections whose last ACK may be lost. Beyond, the oldest is forgotten: RST answers a late segment then. */
const MAX_TIME_WAIT = 8192;

/** The connections in TIME-WAIT, in order of their ends. */
export class TimeWaits {
  readonly #table: FlowTable<TcpSocket | PendingSyn | TimeWait>;
  readonly #timers: TimerQueue;
  readonly #ended = new Set<TimeWait>();

  constructor(
    table: FlowTable<TcpSocket | PendingSyn | TimeWait>,
    timers: TimerQueue,
  ) {
    this.#table = table;
    this.#timers = timers;
  }

  /** Answers in place of `socket` from now on. */
  add(socket: TcpSocket, now: Millis): void {
    const [oldest] = this.#ended;
    if (oldest !== undefined && this.#ended.size >= MAX_TIME_WAIT) {
      this.forget(oldest);
    }
    const ended = new TimeWait(socket, now, (ended) => this.forget(ended));
    this.#ended.add(ended);
    this.#table.set(ended);
    this.#timers.schedule(ended);
  }

  forget(ended: TimeWait): void {
    this.#ended.delete(ended);
    this.#table.delete(ended);
    this.#timers.remove(ended);
  }
}
