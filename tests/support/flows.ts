import type { Rejection, TcpFlow, UdpFlow } from "../../src/flow/flow.ts";
import type { Upstream } from "../../src/flow/dialer.ts";
import { type ByteStream, READY } from "../../src/flow/stream.ts";
import { wrapStream } from "../../src/flow/wrap.ts";

export interface TestFlow extends TcpFlow {
  readonly rejections: Rejection[];
  readonly controller: AbortController;
}

/** A TCP flow to 192.0.2.1:443 whose application is `stream`. */
export function tcpFlow(
  stream: ByteStream,
  changes: Partial<TcpFlow> = {},
): TestFlow {
  const rejections: Rejection[] = [];
  const controller = new AbortController();
  return {
    id: 1,
    protocol: "tcp",
    src: { host: "10.0.0.2", port: 40_000 },
    dst: { host: "192.0.2.1", port: 443 },
    signal: controller.signal,
    trace: [],
    traffic: { sent: 0, received: 0 },
    accept: () => Promise.resolve(stream),
    reject: (reason) => rejections.push(reason),
    ...changes,
    rejections,
    controller,
  };
}

/** A UDP flow to 192.0.2.1:53. */
export function udpFlow(changes: Partial<UdpFlow> = {}): UdpFlow {
  return {
    id: 2,
    protocol: "udp",
    src: { host: "10.0.0.2", port: 40_000 },
    dst: { host: "192.0.2.1", port: 53 },
    signal: new AbortController().signal,
    trace: [],
    traffic: { sent: 0, received: 0 },
    first: new Uint8Array(0),
    accept: () => Promise.reject(new Error("not accepted here")),
    reject: () => {},
    ...changes,
  };
}

/** `stream` as something that was dialled. */
export function upstreamOf(
  stream: ByteStream,
  changes: Partial<Upstream> = {},
): Upstream {
  return {
    ...wrapStream(stream, { answered: READY, patience: 0, roundTrip: 1 }),
    ...changes,
  };
}
