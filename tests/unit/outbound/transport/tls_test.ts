import { assertEquals, assertRejects } from "@std/assert";
import type { Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import { DialError } from "../../../../src/base/errors.ts";
import type { Dialer } from "../../../../src/flow/dialer.ts";
import { duplex } from "../../../../src/flow/duplex.ts";
import { nodeStreams } from "../../../../src/flow/node_stream.ts";
import { type ByteStream, rejected } from "../../../../src/flow/stream.ts";
import { wrapStream } from "../../../../src/flow/wrap.ts";
import { selfSignedCertificate } from "../../../../src/inbound/self_signed.ts";
import type { Carrier } from "../../../../src/outbound/contracts.ts";
import {
  tls,
  type TlsOptions,
} from "../../../../src/outbound/transport/tls.ts";
import { ManualClock } from "../../../support/manual_clock.ts";
import {
  readAll,
  readOnce,
  streamPair,
  type TestStream,
} from "../../../support/stream_pair.ts";

const BASE: Dialer = {
  dialStream: () => rejected(new Error("not here")),
  dialDatagram: () => rejected(new Error("not here")),
};

const STREAMS = nodeStreams(() => undefined);
const OURS = selfSignedCertificate({
  names: ["node.example", "192.0.2.9"],
  now: new Date(),
  days: 2,
});
const OTHERS = selfSignedCertificate({
  names: ["node.example"],
  now: new Date(),
  days: 2,
});

interface Dialling {
  readonly clock: ManualClock;
  readonly node: TestStream;
  readonly opened: Promise<Carrier>;
}

function dial(changes: Partial<TlsOptions> = {}): Dialling {
  const clock = new ManualClock();
  const [near, node] = streamPair();
  const carrier = wrapStream(near, { roundTrip: 5, isTungo: true });
  const transport = tls(() => Promise.resolve(carrier), {
    serverName: "node.example",
    secure: false,
    timeout: 3000,
    clock,
    streams: STREAMS,
    ...changes,
  });
  const opened = transport(BASE, new AbortController().signal);
  opened.catch(() => {});
  return { clock, node, opened };
}

/** A TLS server on the other end, and the name that it was asked for. */
function serve(
  carrier: ByteStream,
): Promise<{ stream: ByteStream; name: string | false | null }> {
  const { duplex: below, under } = duplex(carrier);
  const socket = new TLSSocket(below as unknown as Socket, {
    isServer: true,
    secureContext: createSecureContext(OURS),
    ALPNProtocols: ["h2", "http/1.1"],
  });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("secure", () =>
      resolve({
        stream: STREAMS(socket, under),
        name: (socket as unknown as { servername: string }).servername,
      }));
  });
}

Deno.test("tls() carries octets both ways and ends in order", async () => {
  const { node, opened } = dial();
  const [{ stream }, carrier] = await Promise.all([serve(node), opened]);
  assertEquals([carrier.roundTrip, carrier.isTungo], [5, true]);
  await carrier.write(new TextEncoder().encode("ping"));
  assertEquals(await readOnce(stream), "ping");
  await stream.write(new TextEncoder().encode("pong"));
  await stream.closeWrite();
  assertEquals(await readAll(carrier), "pong");
  await carrier.closeWrite();
  assertEquals(await readAll(stream), "");
  await carrier[Symbol.asyncDispose]();
  await stream[Symbol.asyncDispose]();
});

/** What becomes of a dial: "accepted", or the kind of its failure and what would do. */
async function outcome(changes: Partial<TlsOptions>): Promise<string> {
  const { node, opened } = dial(changes);
  const served = serve(node);
  served.catch(() => {});
  try {
    const carrier = await opened;
    carrier.abort(new Error("done"));
    return "accepted";
  } catch (error) {
    if (!(error instanceof DialError)) throw error;
    assertEquals(node.state(), "The other end was aborted");
    return `${error.kind}: ${error.message.includes("caFile")}`;
  }
}

Deno.test("tls() verifies chain and name where it is to be secure, the chain alone where a CA is given, and nothing otherwise", async () => {
  const refused = "auth: true";
  const rows: readonly (readonly [Partial<TlsOptions>, string])[] = [
    [{}, "accepted"],
    [{ secure: true }, refused],
    [{ secure: true, ca: OURS.cert }, "accepted"],
    [{ secure: true, ca: OURS.cert, serverName: "192.0.2.9" }, "accepted"],
    [{ secure: true, ca: OURS.cert, serverName: "other.example" }, refused],
    [{ secure: true, ca: OURS.cert, serverName: "192.0.2.8" }, refused],
    [{ ca: OURS.cert, serverName: "other.example" }, "accepted"],
    [{ ca: OTHERS.cert }, refused],
  ];
  for (const [options, expected] of rows) {
    const { ca, secure, serverName } = options;
    const what = JSON.stringify({ secure, serverName, ca: ca === OURS.cert });
    assertEquals([what, await outcome(options)], [what, expected]);
  }
});

Deno.test("tls() tells a node that speaks something else from one whose certificate is wrong", async () => {
  const { node, opened } = dial();
  await node.write("SSH-2.0-OpenSSH_9.6\r\n");
  const error = await assertRejects(() => opened, DialError, "handshake");
  assertEquals(error.kind, "broken");
});

Deno.test("tls() gives up a node that never answers, or hangs up", async () => {
  const { clock, node, opened } = dial();
  const failed = assertRejects(() => opened, DialError, "longer than 3 s");
  await clock.advance(3000);
  assertEquals((await failed).kind, "timeout");
  assertEquals(node.state(), "The other end was aborted");

  const gone = dial();
  await gone.node.closeWrite();
  const error = await assertRejects(() => gone.opened, DialError);
  assertEquals(error.kind, "broken");
});

Deno.test("tls() names the node where it has a name [RFC 6066 §3]", async () => {
  const rows = [["node.example", "node.example"], [
    "192.0.2.9",
    false,
  ]] as const;
  for (const [serverName, expected] of rows) {
    const { node, opened } = dial({ serverName });
    const [{ name, stream }, carrier] = await Promise.all([
      serve(node),
      opened,
    ]);
    assertEquals(name || false, expected);
    carrier.abort(new Error("done"));
    stream.abort(new Error("done"));
  }
});
