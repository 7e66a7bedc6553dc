import { buildPipeline, pipelineOf } from "../../src/app/pipeline.ts";
import { DialError } from "../../src/base/errors.ts";
import type { SocketOptions } from "../../src/base/socket.ts";
import { formatEndpoint, type TcpFlow } from "../../src/flow/flow.ts";
import { relayRequestReader } from "../../src/proto/relay_request.ts";
import { tungoOf, type Written } from "./config.ts";
import { testContext } from "./context.ts";
import { tcpFlow, type TestFlow } from "./flows.ts";
import { type ManualClock, settle } from "./manual_clock.ts";
import { expectMessage } from "./read_message.ts";
import { streamPair, type TestStream } from "./stream_pair.ts";

/** An application's connection on its way through a service. */
export interface PipelineRun {
  readonly flow: TestFlow;
  readonly application: TestStream;
  /** The other ends of the connections that were opened, and where to. */
  readonly far: TestStream[];
  /** Our ends of them. */
  readonly near: TestStream[];
  readonly asked: SocketOptions[];
  readonly done: Promise<string>;
  readonly end: () => Promise<string>;
  readonly clock: ManualClock;
}

/** An application connects; `said` are its first octets. */
export async function connect(
  written: Written,
  { said = "", refuse = [], heard, ...changes }: Partial<TcpFlow> & {
    said?: string | Uint8Array;
    refuse?: string[];
    /** A nameserver's answer to the application. */
    heard?: Uint8Array;
  } = {},
): Promise<PipelineRun> {
  const far: TestStream[] = [];
  const nears: TestStream[] = [];
  const asked: SocketOptions[] = [];
  const context = testContext((options) => {
    asked.push(options);
    if (refuse.includes(options.host)) throw new DialError("refused", "no");
    const [near, other] = streamPair();
    far.push(other);
    nears.push(near);
    return near;
  });
  if (heard !== undefined) context.answers.hear("10.0.0.2", heard);
  const options = pipelineOf(tungoOf(written));
  const { handle } = await buildPipeline(options, context);
  const [application, local] = streamPair();
  const flow = tcpFlow(local, changes);
  if (said.length > 0) await application.write(said);
  const done = handle(flow).then(({ via }) => via);
  done.catch(() => {});
  await settle();
  const end = async (): Promise<string> => {
    await application.closeWrite();
    for (const stream of far) await stream.closeWrite();
    return await done;
  };
  return {
    flow,
    application,
    far,
    near: nears,
    asked,
    done,
    end,
    clock: context.clock,
  };
}

/** Where connections of ours were opened to, and by which interface. */
export const wheres = ({ asked }: PipelineRun): readonly string[] =>
  asked.map(({ host, port, interface: by = "" }) =>
    `${host}:${port} ${by}`.trim()
  );

/** What the node has been asked for since the last time; others of its connections are kept ready. */
export function askedFor({ far }: PipelineRun): string {
  const asked = far.map((stream) => stream.taken())
    .filter((octets) => octets.length > 0)
    .map((octets) => expectMessage(relayRequestReader(), octets).value.target);
  return asked.map((target = { host: "", port: 0 }) => formatEndpoint(target))
    .join();
}
