import { assertEquals } from "@std/assert";
import { httpHeadReader } from "../../src/proto/http_head.ts";
import {
  answerUpgradeRequest,
  checkUpgradeAnswer,
  encodeUpgradeRequest,
} from "../../src/proto/websocket_handshake.ts";
import type { Exchange } from "./hex_exchange.ts";
import { ascii, expectOctets } from "./octets.ts";
import { readFrames } from "./read_frames.ts";
import { expectMessage } from "./read_message.ts";

/** What goes through a transport, both ways. */
export type Streams = Pick<Exchange, "client" | "server">;

/** Takes a WebSocket's frames off, and its handshake, which must be the one that we would have written. */
export function relayStreams(
  exchange: Exchange,
  lengths: readonly number[],
): Streams {
  if (exchange.client[0] !== ascii("G")[0]) return exchange;
  const request = expectMessage(httpHeadReader(), exchange.client, lengths);
  const answer = expectMessage(httpHeadReader(), exchange.server, lengths);
  const { startLine, headers } = request.value;
  const path = startLine.split(" ")[1] ?? "";
  const upgrade = {
    host: headers.get("host") ?? "",
    path,
    nonce: Uint8Array.fromBase64(headers.get("sec-websocket-key") ?? ""),
  };
  const written = expectOctets(encodeUpgradeRequest(upgrade));
  assertEquals(written, exchange.client.subarray(0, written.length));
  assertEquals(checkUpgradeAnswer(answer.value, upgrade), "");
  assertEquals(
    answerUpgradeRequest(request.value, { path }).octets,
    exchange.server.subarray(0, exchange.server.length - answer.rest.length),
  );

  const client = readFrames({ masked: true }, request.rest, lengths);
  const server = readFrames({ masked: false }, answer.rest, lengths);
  assertEquals([client.error, client.whole], [undefined, true]);
  assertEquals([server.error, server.whole], [undefined, true]);
  return { client: client.payload, server: server.payload };
}
