import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../../src/base/errors.ts";
import type { Dialer } from "../../../../src/flow/dialer.ts";
import { rejected } from "../../../../src/flow/stream.ts";
import { wrapStream } from "../../../../src/flow/wrap.ts";
import type { Incoming } from "../../../../src/inbound/contracts.ts";
import { ws as listenWs } from "../../../../src/inbound/listener/ws.ts";
import type { Carrier } from "../../../../src/outbound/contracts.ts";
import { ws, type WsOptions } from "../../../../src/outbound/transport/ws.ts";
import { ManualClock, settle } from "../../../support/manual_clock.ts";
import { recordingLog } from "../../../support/recording_log.ts";
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

interface Dialling {
  readonly clock: ManualClock;
  readonly node: TestStream;
  readonly opened: Promise<Carrier>;
}

function dial(
  changes: Partial<WsOptions> = {},
  signal = new AbortController().signal,
): Dialling {
  const clock = new ManualClock();
  const [near, node] = streamPair();
  const carrier = wrapStream(near, { roundTrip: 5, isTungo: false });
  const transport = ws(() => Promise.resolve(carrier), {
    host: "example.com:443",
    path: "/ws",
    headers: {},
    clock,
    random: (into) => into.fill(0),
    ...changes,
  });
  const opened = transport(BASE, signal);
  opened.catch(() => {});
  return { clock, node, opened };
}

/** RFC 6455 §4.2.2 for the key of 16 zeros. */
const ACCEPT = "ICX+Yqv66kxgM0FcWaLWlFLwTAI=";

const answer = (...headers: string[]): string =>
  [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${ACCEPT}`,
    ...headers,
    "",
    "",
  ].join("\r\n");

Deno.test("ws() asks for the upgrade with the user's headers, and sends nothing behind it", async () => {
  const { node, opened } = dial({ headers: { "User-Agent": "x/1" } });
  await settle();
  const head = node.text();
  assertEquals(
    head.startsWith("GET /ws HTTP/1.1\r\nHost: example.com:443\r\n"),
    true,
  );
  assertEquals(head.includes("User-Agent: x/1\r\n"), true);
  assertEquals(head.includes("Sec-WebSocket-Protocol: tungo\r\n"), true);
  assertEquals(head.endsWith("\r\n\r\n"), true);
  await node.write(answer());
  await opened;
});

Deno.test("ws() measures its round trip, and knows a tungo by what it answers", async () => {
  for (const isTungo of [false, true]) {
    const { clock, node, opened } = dial();
    await clock.advance(40);
    await node.write(
      answer(...isTungo ? ["Sec-WebSocket-Protocol: tungo"] : []),
    );
    const carrier = await opened;
    assertEquals([carrier.roundTrip, carrier.isTungo], [40, isTungo]);
  }
});

Deno.test("ws() reads the frames that come together with the answer", async () => {
  const { node, opened } = dial();
  const head = new TextEncoder().encode(answer());
  await node.write(Uint8Array.of(...head, 0x82, 2, 0x68, 0x69));
  assertEquals(await readOnce(await opened), "hi");
});

Deno.test("ws() drops a carrier whose node does not agree", async () => {
  const rows = [
    "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
    answer().replace(ACCEPT, "AAAA"),
    "SSH-2.0-OpenSSH\r\n\r\n",
  ];
  for (const text of rows) {
    const { node, opened } = dial();
    await node.write(text);
    await assertRejects(() => opened, Error);
    assertEquals(node.state(), "The other end was aborted");
  }
});

Deno.test("ws() gives up a node that never answers", async () => {
  const { clock, node, opened } = dial({ timeout: 3000 });
  const failed = assertRejects(() => opened, DialError, "longer than 3 s");
  await clock.advance(3000);
  assertEquals((await failed).kind, "timeout");
  assertEquals([node.state(), clock.pending()], [
    "The other end was aborted",
    0,
  ]);
});

/** Our own listener's end, joined to `dial`'s. */
async function listen(
  path = "/ws",
): Promise<
  {
    clock: ManualClock;
    log: ReturnType<typeof recordingLog>;
    accept: (stream: TestStream) => Promise<Incoming | undefined>;
  }
> {
  const clock = new ManualClock();
  const log = recordingLog();
  let hand = (_: Incoming): void => {};
  let incoming: Incoming | undefined;
  const listen = listenWs((options) => {
    hand = options.onIncoming;
    return Promise.resolve({
      address: { host: "", port: 1 },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  }, { path, clock, log });
  await listen({ host: "", port: 1, onIncoming: (it) => incoming = it });
  return {
    clock,
    log,
    accept: async (stream) => {
      hand({
        stream,
        from: { host: "198.51.100.7", port: 5555 },
        to: { host: "192.0.2.1", port: 443 },
      });
      await settle();
      return incoming;
    },
  };
}

Deno.test("ws() and our own listener agree, and mark the ends of their octets", async () => {
  const { accept } = await listen();
  const { node, opened } = dial();
  const incoming = await accept(node);
  const carrier = await opened;
  assertEquals(carrier.isTungo, true);
  if (incoming === undefined) throw new Error("nothing came in");
  assertEquals(incoming.from, { host: "198.51.100.7", port: 5555 });

  await carrier.write(new TextEncoder().encode("ping"));
  assertEquals(await readOnce(incoming.stream), "ping");
  await incoming.stream.write(new TextEncoder().encode("pong"));
  await incoming.stream.closeWrite();
  assertEquals(await readAll(carrier), "pong");

  // A carrier that ends without the mark was cut.
  node.abort(new Error("cut"));
  await assertRejects(() => readOnce(incoming.stream), Error);
});

Deno.test("ws() of a listener answers what is no upgrade with a status, and hangs up", async () => {
  const rows = [
    ["GET /other HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 404"],
    ["GET /ws HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 4"],
    ["POST /ws HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 4"],
  ] as const;
  for (const [request, status] of rows) {
    const { accept } = await listen();
    const [client, stream] = streamPair();
    await client.write(request);
    assertEquals(await accept(stream), undefined);
    assertEquals(client.text().startsWith(status), true);
    assertEquals(client.state(), "ended");
    await client.closeWrite();
    await settle();
  }
});

Deno.test("ws() of a listener drops who speaks before the answer, who speaks no HTTP, and who says nothing", async () => {
  const upgrade =
    "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  for (
    const octets of [`${upgrade}early`, "\u0016\u0003\u0001 no HTTP\r\n\r\n"]
  ) {
    const { accept } = await listen();
    const [client, stream] = streamPair();
    await client.write(octets);
    assertEquals(await accept(stream), undefined);
    assertEquals(client.state() === "open", false, octets);
  }
  const { clock, accept } = await listen();
  const [client, stream] = streamPair();
  await accept(stream);
  await clock.advance(15_000);
  assertEquals([client.state(), clock.pending()], [
    "The other end was aborted",
    0,
  ]);
});
