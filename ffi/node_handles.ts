/**
 * The handles under Deno's `node:net`, reached by Node's old `process.binding`: the only way to put a descriptor of ours onto
 * Deno's event loop. Deno has tests of its own for `TCP.open` on foreign sockets; `useUserBuffer` came after 2.7, hence the probe.
 */
import { Socket } from "node:net";
import process from "node:process";
import { assert } from "../src/base/assert.ts";
import type { SocketCalls } from "./socket_calls.ts";
import type { Sweep } from "./sweep.ts";
import type { ReadInto } from "../src/base/socket.ts";

/** libuv's number for a `read` that answered 0. */
export const UV_EOF = -4095;

/** Calls answer 0, or a negative errno. */
export interface PipeHandle {
  /** Takes the descriptor over. */
  open(fd: number): number;
  /** One buffer, filled anew for every `onread`. */
  useUserBuffer(buffer: Uint8Array<ArrayBuffer>): void;
  onread: () => void;
  readStart(): number;
  readStop(): number;
  close(done: () => void): void;
}

export interface PipeBinding {
  readonly Pipe: new (kind: 0) => PipeHandle;
  /** What the running `onread` is about: octets read, or a negative errno. */
  lastRead(): number;
}

/** What `node:net` and `node:tls` have under a socket. */
interface StreamHandle {
  /** Of a TLS handle: what carries it, and how it is given ciphertext. */
  readonly _nativeTcpHandle?: StreamHandle | null;
  receive?(ciphertext: Uint8Array): void;
  useUserBuffer?(buffer: Uint8Array<ArrayBuffer>): void;
  onread: (...args: unknown[]) => void;
  readStart(): number;
  readStop(): number;
}

interface TcpHandle {
  open(fd: number): number;
}

interface Bindings {
  readonly pipe_wrap: { readonly Pipe: PipeBinding["Pipe"] };
  readonly stream_wrap: {
    readonly streamBaseState: Int32Array;
    readonly kReadBytesOrError: number;
  };
  readonly tcp_wrap: { readonly TCP: new (kind: 0) => TcpHandle };
}

function binding<Name extends keyof Bindings>(name: Name): Bindings[Name] {
  const bindings = process as unknown as {
    binding(name: string): Bindings[Name];
  };
  return bindings.binding(name);
}

/** Undefined where this Deno cannot read a descriptor into a buffer of ours. */
export function probePipes(): PipeBinding | undefined {
  const { Pipe } = binding("pipe_wrap");
  if (typeof Pipe.prototype.useUserBuffer !== "function") return undefined;
  const { streamBaseState, kReadBytesOrError } = binding("stream_wrap");
  return { Pipe, lastRead: () => streamBaseState[kReadBytesOrError] ?? 0 };
}

/**
 * Takes the connected socket over. `net.Socket`'s own option `fd` would do on Unix, but ends the process without a word on
 * Windows, where a SOCKET is no descriptor of the C library: this form works everywhere.
 */
export function adoptTcp(
  fd: number,
  descriptors?: WeakMap<object, number>,
): Socket {
  const { TCP } = binding("tcp_wrap");
  const handle = new TCP(0);
  const result = handle.open(fd);
  assert(result === 0, `TCP.open answered ${result}`);
  descriptors?.set(handle, fd);
  const options = { handle, readable: true, writable: true };
  return new Socket({ ...options, allowHalfOpen: true });
}

/** Octets of ciphertext that are read at once. */
const CIPHERTEXT = 64 * 1024;

export interface ReadIntoSupport {
  readonly receive: SocketCalls["receive"];
  readonly sweep: Sweep;
  /** Which descriptor a handle has. */
  readonly descriptors: WeakMap<object, number>;
}

/** See `ReadInto`. Half the cost of `data` events, which bring a new buffer of 64 KiB each (0.15 s/GB instead of 0.3). */
export function createReadInto(support?: ReadIntoSupport): ReadInto {
  const ciphertext = new Uint8Array(CIPHERTEXT);
  return (socket, buffer, onOctets) => {
    const { _handle: handle } = socket as unknown as {
      readonly _handle: StreamHandle | null;
    };
    if (typeof handle?.useUserBuffer !== "function") return undefined;
    let reading = true;
    const { _nativeTcpHandle: below } = handle;
    if (below && handle.receive) {
      const decrypt = (octets: number): void =>
        handle.receive?.(ciphertext.subarray(0, octets));
      // A handle that reads goes on with the buffers of its own.
      below.readStop();
      fill(below, ciphertext, (octets) => {
        decrypt(octets);
        support?.sweep.turn();
      });
      below.readStart();
      const fd = support?.descriptors.get(below);
      if (support !== undefined && fd !== undefined) {
        const watching = support.sweep.watch(fd, () => {
          const octets = reading ? support.receive(fd, ciphertext) : 0;
          if (octets > 0) decrypt(octets);
        });
        socket.once("close", () => watching[Symbol.dispose]());
      }
    }
    fill(handle, buffer, onOctets);
    // node:net must think that it flows: otherwise it would keep the end to itself.
    socket.resume();
    return {
      pause() {
        reading = false;
        handle.readStop();
      },
      resume() {
        reading = true;
        handle.readStart();
      },
    };
  };
}

/** Has `handle` read into `buffer`; an end and errors go where they went before. */
function fill(
  handle: StreamHandle,
  buffer: Uint8Array<ArrayBuffer>,
  onOctets: (octets: number) => void,
): void {
  const { streamBaseState, kReadBytesOrError } = binding("stream_wrap");
  const onEnd = handle.onread;
  handle.useUserBuffer?.(buffer);
  handle.onread = (...args) => {
    const octets = streamBaseState[kReadBytesOrError] ?? 0;
    if (octets > 0) onOctets(octets);
    else onEnd.apply(handle, args);
  };
}
