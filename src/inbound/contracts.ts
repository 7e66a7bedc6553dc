import type { Endpoint } from "../flow/flow.ts";
import type { ByteStream } from "../flow/stream.ts";

/** A stream that a client has opened; taken over by whoever is told of it. */
export interface Incoming {
  readonly stream: ByteStream;
  readonly from: Endpoint;
  /** The address of ours that the client has reached. */
  readonly to: Endpoint;
}

/** Listens until it is disposed, which leaves the streams alone. */
export interface Listener extends AsyncDisposable {
  readonly address: Endpoint;
}

export interface ListenOptions {
  /** An address, or "" for all of them. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly onIncoming: (incoming: Incoming) => void;
}

/** Makes streams of what comes in. GOST's "listener". Rejects with a DeviceError where the address cannot be had. */
export type Listen = (options: ListenOptions) => Promise<Listener>;
