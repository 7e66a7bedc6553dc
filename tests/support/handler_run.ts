import type { Flow } from "../../src/flow/flow.ts";
import type {
  Handle,
  HandlerOptions,
} from "../../src/inbound/handler/client.ts";
import { ManualClock, settle } from "./manual_clock.ts";
import { recordingLog } from "./recording_log.ts";
import { streamPair, type TestStream } from "./stream_pair.ts";

/** A client's stream that has been handed to a handler. */
export interface HandlerRun {
  readonly clock: ManualClock;
  readonly client: TestStream;
  readonly server: TestStream;
  readonly flows: Flow[];
  readonly log: ReturnType<typeof recordingLog>;
}

export function handlerRun(
  handler: (options: HandlerOptions) => Handle,
): HandlerRun {
  const clock = new ManualClock();
  const log = recordingLog();
  const [client, server] = streamPair();
  const flows: Flow[] = [];
  let id = 0;
  handler({
    users: [],
    readTimeout: 15_000,
    clock,
    log,
    openFlow: () => ({ id: ++id, signal: new AbortController().signal }),
    onFlow: (flow) => flows.push(flow),
  })({
    stream: server,
    from: { host: "198.51.100.7", port: 5555 },
    to: { host: "192.0.2.1", port: 443 },
  });
  return { clock, client, server, flows, log };
}

/** The first flow, where there is one by then. */
export async function send(
  run: HandlerRun,
  octets: Uint8Array,
): Promise<Flow | undefined> {
  await run.client.write(octets);
  await settle();
  return run.flows[0];
}

/** The first flow after `octets`, which must be one of TCP. */
export async function sendForTcp(
  run: HandlerRun,
  octets: Uint8Array,
): Promise<Extract<Flow, { protocol: "tcp" }>> {
  const flow = await send(run, octets);
  if (flow?.protocol !== "tcp") throw new Error("no TCP flow");
  return flow;
}
