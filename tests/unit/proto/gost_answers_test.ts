/** What GOST's server made of odd and wrong octets, and what the codecs make of them. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { DatagramReader } from "../../../src/proto/datagram_reader.ts";
import { httpHeadReader } from "../../../src/proto/http_head.ts";
import { LENGTH_PREFIX } from "../../../src/proto/length_prefix.ts";
import { relayRequestReader } from "../../../src/proto/relay_request.ts";
import { relayResponseReader } from "../../../src/proto/relay_response.ts";
import { tunnelDatagramReader } from "../../../src/proto/socks5_udp.ts";
import {
  CLOSE_PROTOCOL_ERROR,
  closeAnswer,
  encodeClose,
} from "../../../src/proto/websocket_close.ts";
import {
  createFrameBuffer,
  PAYLOAD_AT,
  sealFrame,
} from "../../../src/proto/websocket_frame.ts";
import { checkUpgradeAnswer } from "../../../src/proto/websocket_handshake.ts";
import {
  type Exchange,
  readExchange,
  readExchanges,
} from "../../support/hex_exchange.ts";
import { ascii, concat, cuts, hex, lend } from "../../support/octets.ts";
import { readFrames } from "../../support/read_frames.ts";
import { expectMessage, readMessage } from "../../support/read_message.ts";
import { relayStreams } from "../../support/relay_streams.ts";

/** Like "connect tcp 1.2.3.4:80 -> ok"; an error in place of a request, and "nothing" where GOST did not answer. */
function summary({ client, server }: Exchange, lengths: number[]): string {
  const asked = readMessage(relayRequestReader(), client, lengths);
  const answered = readMessage(relayResponseReader(), server, lengths);
  const status = typeof answered === "string"
    ? "nothing"
    : answered.value.status;
  if (typeof asked === "string") return `${asked} -> ${status}`;
  const { command, network, target } = asked.value;
  const to = target === undefined ? "nobody" : `${target.host}:${target.port}`;
  return `${command} ${network} ${to} -> ${status}`;
}

Deno.test("relay codecs read every kind of request that GOST answers, and none that it does not", () => {
  const exchanges = readExchanges("relay-server-answers");
  const property = fc.property(cuts(), (lengths) => {
    assertEquals(exchanges.map((exchange) => summary(exchange, lengths)), [
      "connect tcp 127.0.0.1:18080 -> ok",
      "connect tcp 127.0.0.1:18080 -> ok",
      "connect tcp localhost:18080 -> ok",
      "connect tcp 127.0.0.1:18080 -> ok",
      "connect tcp 127.0.0.1:18080 -> ok",
      "connect tcp 127.0.0.1:18080 -> ok",
      "connect tcp 127.0.0.1:18080 -> ok",
      "connect tcp 127.0.0.1:18080 -> ok",
      "connect tcp 127.0.0.1:18080 -> ok",
      "connect tcp 127.0.0.1:18080 -> nothing", // its target is silent
      "connect tcp 127.0.0.1:18099 -> network-unreachable",
      "connect tcp nope.invalid:80 -> network-unreachable",
      "connect tcp nobody -> bad-request",
      "associate tcp 127.0.0.1:18080 -> bad-request",
      "unknown tcp 127.0.0.1:18080 -> bad-request",
      "bind tcp 0.0.0.0:0 -> forbidden",
      "bind udp 0.0.0.0:0 -> forbidden",
      "connect tcp 127.0.0.1:18080 -> ok",
      "connect tcp 127.0.0.1:18080 -> unauthorized",
      "connect tcp 127.0.0.1:18080 -> unauthorized",
      "connect tcp 127.0.0.1:18080 -> unauthorized",
      "Expected version 1, got 2 -> nothing",
      "Unknown feature 5 -> nothing",
      "Addr holds no address -> nothing",
      "Addr holds no address -> nothing",
    ]);
  });
  fc.assert(property, { numRuns: 10 });
});

/** The datagrams of a CONNECT stream. */
function readPrefixed(octets: Uint8Array, lengths: number[]): string[] {
  const payloads: string[] = [];
  const reader = new DatagramReader(
    LENGTH_PREFIX,
    (payload) => payloads.push(new TextDecoder().decode(payload)),
  );
  for (const piece of lend(octets, lengths)) {
    assertEquals(reader.push(piece), undefined);
  }
  assertEquals(reader.isBetweenDatagrams(), true);
  return payloads;
}

/** The datagrams of a BIND stream, each with whom it is for or from. */
function readTunnelled(octets: Uint8Array, lengths: number[]): string[] {
  const payloads: string[] = [];
  const reader = tunnelDatagramReader((payload, { host, port }) =>
    payloads.push(`${host}:${port} ${new TextDecoder().decode(payload)}`)
  );
  for (const piece of lend(octets, lengths)) {
    assertEquals(reader.push(piece), undefined);
  }
  assertEquals(reader.isBetweenDatagrams(), true);
  return payloads;
}

/** Commands, then both sides' datagrams. */
function readUdp(exchange: Exchange, lengths: number[]) {
  const { client, server } = relayStreams(exchange, lengths);
  const asked = expectMessage(relayRequestReader(), client, lengths);
  assertEquals(asked.value.network, "udp");
  const answered = readMessage(relayResponseReader(), server, lengths);
  const rest = typeof answered === "string" ? hex("") : answered.rest;
  const { command } = asked.value;
  const read = command === "bind" ? readTunnelled : readPrefixed;
  return [command, read(asked.rest, lengths), read(rest, lengths)];
}

Deno.test("relay codecs read the datagrams of CONNECT and BIND streams", () => {
  const exchanges = readExchanges("udp-server-answers");
  const property = fc.property(cuts(), (lengths) => {
    assertEquals(exchanges.map((exchange) => readUdp(exchange, lengths)), [
      ["connect", ["one", "two", "three"], ["one", "two", "three"]],
      ["connect", ["x"], ["x"]],
      ["connect", ["x"], ["x"]],
      ["connect", ["", "x", ""], ["", "x", ""]],
      ["connect", ["x"], []],
      ["bind", ["127.0.0.1:18053 piped"], ["127.0.0.1:18053 piped"]],
      [
        "bind",
        ["127.0.0.1:18098 x", "127.0.0.1:18053 hello"],
        ["127.0.0.1:18053 hello"],
      ],
      ["bind", ["localhost:18053 dom"], ["127.0.0.1:18053 dom"]],
      ["bind", ["nope.invalid:53 x"], []],
    ]);
    for (const name of ["tcp-udp-bind", "ws-udp-bind", "wss-udp-bind"]) {
      assertEquals(readUdp(readExchange(name), lengths), [
        "bind",
        [
          "127.0.0.1:18053 one",
          "127.0.0.1:18054 two",
          "127.0.0.1:18053 three",
        ],
        [
          "127.0.0.1:18053 ONE",
          "127.0.0.1:18054 TWO",
          "127.0.0.1:18053 THREE",
        ],
      ]);
    }
  });
  fc.assert(property, { numRuns: 10 });
});

/** A probe's frames and GOST's, in files where only the first connection shows its handshake. */
function frames({ client, server }: Exchange, lengths: number[]) {
  const shown = client[0] === 0x47;
  const request = shown
    ? expectMessage(httpHeadReader(), client, lengths).rest
    : client;
  const answer = shown
    ? expectMessage(httpHeadReader(), server, lengths).rest
    : server;
  return {
    client: readFrames({ masked: true }, request, lengths),
    server: readFrames({ masked: false }, answer, lengths),
  };
}

Deno.test("FrameReader takes the framing that GOST takes", () => {
  const request = hex("0101000a 02000701 7f000001 46a0");
  const hello = [concat([request, ascii("hello")]), hex("01000000 68656c6c6f")];
  const exchanges = readExchanges("ws-server-tolerance");
  const property = fc.property(cuts(), (lengths) => {
    const read = exchanges.map((exchange) => {
      const { client, server } = frames(exchange, lengths);
      assertEquals([client.error, client.whole], [undefined, true]);
      assertEquals([server.error, server.whole], [undefined, true]);
      return [
        [client.payload, server.payload],
        [...client.control, ...server.control],
      ];
    });
    assertEquals(read, [
      [hello, []],
      [hello, []],
      [hello, []],
      [hello, ["ping 7070", "pong 7070"]],
      [hello, []],
      [hello, []],
      [hello, [
        ...["ping 616263", "ping", "pong 7a7a7a"],
        ...["pong 616263", "pong"],
      ]],
      [
        [concat([request, ascii("ab")]), hex("01000000 6162")],
        ["ping 70", "pong 70"],
      ],
    ]);
  });
  fc.assert(property, { numRuns: 10 });
});

Deno.test("close frames are answered, and violations named, as GOST does", () => {
  const exchanges = readExchanges("ws-server-close");
  const property = fc.property(cuts(), (lengths) => {
    const answers = exchanges.map((exchange) => {
      const { client, server } = frames(exchange, lengths);
      const [close = ""] = client.control;
      const payload = client.error === undefined
        ? closeAnswer(hex(close.replace("close", "")))
        : encodeClose(CLOSE_PROTOCOL_ERROR, client.error);
      const buffer = createFrameBuffer(payload.length);
      buffer.bytes.set(payload, PAYLOAD_AT);
      const frame = sealFrame(buffer, "close", payload.length);
      assertEquals(exchange.server.slice(-frame.length), frame);
      assertEquals(server.error, undefined);
      return client.error ?? close;
    });
    assertEquals(answers, [
      "close 03e8",
      "close 03e9627965",
      "close",
      "close 03ed",
      "bad MASK",
      "RSV1 set",
      "bad opcode 3",
      "continuation after FIN",
      "data before FIN",
      "FIN not set on control",
      "len > 125 for control",
    ]);
  });
  fc.assert(property, { numRuns: 10 });
});

Deno.test("compression is refused in the handshake, and its frames, too", () => {
  const { client, server } = readExchange("ws-compression");
  const request = expectMessage(httpHeadReader(), client);
  const answer = expectMessage(httpHeadReader(), server);
  const key = request.value.headers.get("sec-websocket-key") ?? "";
  const nonce = Uint8Array.fromBase64(key);
  const error = checkUpgradeAnswer(answer.value, { host: "", path: "", nonce });
  assertEquals(
    error instanceof Error && error.message,
    "The server chose an extension, none was offered",
  );
  assertEquals(readFrames({ masked: true }, request.rest).error, "RSV1 set");
  assertEquals(readFrames({ masked: false }, answer.rest).error, "RSV1 set");
});
