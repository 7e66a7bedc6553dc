import type { Socket } from "node:net";
import type { Millis } from "../base/clock.ts";

/**
 * A pair of octet streams, one each way. Pulled by its reader, so back-pressure reaches RCV.WND.
 * Disposing closes what is still open: in order where both directions have ended, by RST otherwise.
 */
export interface ByteStream extends AsyncDisposable {
  /**
   * Waits for octets and hands them to `take`, once or more; they are lent until `take` returns, which may overwrite them.
   * Resolves true when `take` was called, false after the peer's FIN; rejects when the stream was truncated (RST, end in mid-frame).
   * One read at a time.
   */
  read(take: (octets: Uint8Array) => void): Promise<boolean>;
  /** Copies `octets` before it returns, and resolves once no more than the stream's bound (256 KiB) is unsent. Rejects after `abort`. */
  write(octets: Uint8Array): Promise<void>;
  /** Sends FIN behind everything written. Reading goes on. */
  closeWrite(): Promise<void>;
  /** Sends RST. Pending calls reject with `reason`. */
  abort(reason: unknown): void;
  /** Set where the stream is an OS socket and nothing more. */
  readonly bare?: BareSocket;
}

/** What is under a stream that is an OS socket. */
export interface BareSocket {
  /** Idle time before the first probe. */
  setKeepAlive(idle: Millis): void;
  /** Takes the socket away from a stream that nobody has read from: TLS runs on it twice as fast as through the stream's interface. */
  take(): Socket;
}

/** What every stream holds back before `write` makes its caller wait, in octets. Half a bandwidth-delay product of 100 Mbit/s × 40 ms. */
export const WRITE_BOUND = 256 * 1024;

/** For a `write` that need not wait: one promise for all of them. */
export const READY: Promise<void> = Promise.resolve();

/** A rejected promise that nobody need wait for. */
export function rejected(reason: unknown): Promise<never> {
  const promise = Promise.reject(reason);
  promise.catch(() => {});
  return promise;
}

/** A promise to be settled later that nobody need wait for, even when it rejects. */
export function deferred<T>(): PromiseWithResolvers<T> {
  const deferred = Promise.withResolvers<T>();
  deferred.promise.catch(() => {});
  return deferred;
}

/** Interned by whoever makes it, so comparing is `===`. */
export interface Peer {
  readonly host: string;
  readonly port: number;
}

/** Pushed and lossy, like UDP: nobody waits, a full queue drops. Disposing closes it. */
export interface DatagramChannel extends AsyncDisposable {
  /** `payload` (0 to 65 507 octets) is copied or sent before this returns. Without `to`: to the flow's destination. */
  send(payload: Uint8Array, to?: Peer): void;
  /**
   * Delivers from now on; to be called once, and what came before has waited within bounds. `payload` is lent until
   * `onDatagram` returns. Without `from`: from the flow's destination.
   */
  deliver(onDatagram: (payload: Uint8Array, from?: Peer) => void): void;
  /** Resolves when the channel has ended; rejects with a DialError where the far side said why. */
  readonly closed: Promise<void>;
}
