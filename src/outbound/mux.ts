import type { Clock, Millis } from "../base/clock.ts";
import { unlessAborted, withDeadline } from "../flow/deadline.ts";
import type { Dialer } from "../flow/dialer.ts";
import { wrapStream } from "../flow/wrap.ts";
import { SmuxFrames } from "../framing/smux_frames.ts";
import { type SmuxKeepalive, SmuxSession } from "../framing/smux_session.ts";
import type { SmuxVersion } from "../proto/smux.ts";
import type { Carrier, Transport } from "./contracts.ts";

/** A carrier that has been silent for so many of its peer's NOPs takes no new flows: it may be dead without our knowing. */
const MISSED_NOPS = 1.5;

/** GOST's `mux` keys of a dialer. */
export interface MuxOptions {
  readonly version: SmuxVersion;
  readonly keepalive: SmuxKeepalive | undefined;
  readonly receiveBuffer: number;
  readonly streamBuffer: number | undefined;
  /** Octets of payload in a frame that is sent, at most 65 535. */
  readonly maxFrameSize: number;
  /** For opening a carrier. */
  readonly timeout: Millis;
  readonly clock: Clock;
}

/** A carrier for each flow, all of them streams of one that `transport` opens, as long as it lives. */
export function mux(transport: Transport, options: MuxOptions): MuxTransport {
  const sessions = new Sessions(transport, options);
  const mux: Transport = (base, signal) => sessions.open(base, signal);
  return Object.assign(mux, {
    prepare: (base: Dialer) => sessions.prepare(base),
    retire: () => sessions.retire(),
  });
}

export interface MuxTransport extends Transport {
  /** Hardly any flows will come: the carrier ends with the last of those that it has. */
  readonly retire: () => void;
}

interface Session {
  readonly streams: SmuxSession;
  readonly roundTrip: Millis;
}

class Sessions {
  readonly #transport: Transport;
  readonly #options: MuxOptions;
  readonly #frames: SmuxFrames;
  /** The one for new flows. Older ones end with their last flow. */
  #newest: Session | undefined;
  #opening: Promise<Session> | undefined;
  #retired = false;

  constructor(transport: Transport, options: MuxOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#frames = new SmuxFrames(options.maxFrameSize);
  }

  async open(base: Dialer, signal: AbortSignal): Promise<Carrier> {
    const { streams, roundTrip } = this.#usable() ??
      await unlessAborted(signal, this.#opening ??= this.#dial(base));
    const stream = await streams.open(signal);
    const isTungo = streams.peerIsTungo();
    const carrier = wrapStream(stream, { roundTrip, isTungo });
    if (this.#retired) {
      // Others may have waited for it as well.
      const { clock } = this.#options;
      clock.callAt(clock.now(), () => this.retire());
    }
    return carrier;
  }

  retire(): void {
    this.#retired = true;
    this.#newest?.streams.retire();
    this.#newest = undefined;
  }

  /** A flow that comes later says why, where it fails. */
  prepare(base: Dialer): void {
    if (this.#usable() !== undefined) return;
    this.#opening ??= this.#dial(base);
    this.#opening.catch(() => {});
  }

  #usable(): Session | undefined {
    const session = this.#newest;
    if (session === undefined) return undefined;
    const { clock, keepalive } = this.#options;
    const patience = (keepalive?.interval ?? Infinity) * MISSED_NOPS;
    const silence = clock.now() - session.streams.heardAt();
    if (session.streams.isOpen() && silence < patience) return session;
    this.#newest = undefined;
    session.streams.retire();
    return undefined;
  }

  /** One for all flows that wait for it: it goes on when one of them gives up. */
  async #dial(base: Dialer): Promise<Session> {
    const { clock, timeout, ...options } = this.#options;
    const { signal } = new AbortController();
    const what = "The connection";
    try {
      const carrier = await withDeadline(
        { clock, timeout, signal, what },
        async (signal) => {
          const carrier = await this.#transport(base, signal);
          if (signal.aborted) carrier.abort(signal.reason);
          return carrier;
        },
      );
      const streams = new SmuxSession(carrier, {
        ...options,
        role: "client",
        frames: this.#frames,
        clock,
      });
      this.#newest = { streams, roundTrip: carrier.roundTrip };
      return this.#newest;
    } finally {
      this.#opening = undefined;
    }
  }
}
