/** Messages as nobody honest sends them, for every codec of src/proto; the same for the same randomness. */
import { assertEquals } from "@std/assert";
import { parseCredentials } from "../../src/proto/credentials.ts";
import { parseDnsAnswer, parseDnsQuestion } from "../../src/proto/dns.ts";
import { readDnsName } from "../../src/proto/dns_name.ts";
import { parseHostName } from "../../src/proto/host_name.ts";
import {
  Http2FrameReader,
  withoutPadding,
} from "../../src/proto/http2_frame.ts";
import { isOk } from "../../src/proto/http2_request.ts";
import { httpHeadReader } from "../../src/proto/http_head.ts";
import { parseHttpResponse } from "../../src/proto/http_response.ts";
import { sniffHttp } from "../../src/proto/http_sniff.ts";
import { QuicClientHello } from "../../src/proto/quic_client_hello.ts";
import { relayRequestReader } from "../../src/proto/relay_request.ts";
import { relayResponseReader } from "../../src/proto/relay_response.ts";
import { SmuxReader } from "../../src/proto/smux.ts";
import {
  socks4ReplyReader,
  socks4RequestReader,
} from "../../src/proto/socks4.ts";
import {
  socksAuthReader,
  socksMethodReader,
  socksReplyReader,
} from "../../src/proto/socks5.ts";
import { socksGreetingReader } from "../../src/proto/socks5_server.ts";
import {
  socksUdpHeaderLength,
  tunnelDatagramReader,
} from "../../src/proto/socks5_udp.ts";
import { parseSocksAddress } from "../../src/proto/socks_address.ts";
import {
  parseClientHello,
  sniffClientHello,
} from "../../src/proto/tls_client_hello.ts";
import { closeAnswer, parseClose } from "../../src/proto/websocket_close.ts";
import { FrameReader } from "../../src/proto/websocket_frame_reader.ts";
import {
  answerUpgradeRequest,
  checkUpgradeAnswer,
} from "../../src/proto/websocket_handshake.ts";
import { bytes } from "./packet.ts";

/** Shapes that the codecs look for, for octets to be changed in. */
const MESSAGES = [
  "GET /ws HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  "\x01\x01\x00\x00\x0a\x02\x00\x07\x03\x03a.b\x00\x50",
  "\x16\x03\x01\x00\x30\x01\x00\x00\x2c\x03\x03",
  "\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01",
  "\x05\x00\x00\x03\x03a.b\x00\x50",
  "\x00\x03\xff\x03\x03a.b\x00\x50abc\x00\x01\xff\x01\x7f\x00\x00\x01\x00\x35x",
  "\x82\x05hello\x89\x00\x01\x7e\x01\x00",
  "\x82\x85\x01\x02\x03\x04hello\x88\x80\x00\x00\x00\x00",
  "\x01\x00\x00\x00\x03\x00\x00\x00\x01\x02\x03\x00\x03\x00\x00\x00abc",
  "\x02\x04\x08\x00\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x04\x00",
  "\x00\x00\x02\x01\x04\x00\x00\x00\x01\x88\x00\x00\x00\x04\x08\x00\x00\x00\x00\x01\x00\x00\x00\x01",
  "\xc3\x00\x00\x00\x01\x08\x83\x94\xc8\xf0\x3e\x51\x57\x08\x00\x00\x40\x18",
  "\x04\x01\x00\x50\x00\x00\x00\x01u\x00a.b\x00",
  "\x04user\x04pass",
] as const;

const READERS = [
  httpHeadReader,
  relayRequestReader,
  relayResponseReader,
  socksMethodReader,
  socksAuthReader,
  socksReplyReader,
  socksGreetingReader,
  socks4RequestReader,
  socks4ReplyReader,
] as const;

/** What a reader of a stream makes of its octets, whatever pieces they come in. */
type Transcribe = (pieces: readonly Uint8Array[]) => string;

const STREAMS: readonly Transcribe[] = [
  ...[true, false].map((masked): Transcribe => (pieces) => {
    const reader = new FrameReader({ masked });
    let said = "";
    pushAll(pieces, (octets) =>
      reader.push(octets, {
        onPayload: (payload) => said += payload.toHex(),
        onControl: (opcode, payload) =>
          said += `<${opcode} ${payload.toHex()}>`,
      }));
    return said;
  }),
  (pieces) => {
    const reader = new SmuxReader(undefined);
    let said = "";
    let last = -1;
    pushAll(pieces, (octets) =>
      reader.push(octets, {
        onSignal: (signal, stream) => said += `<${signal} ${stream}>`,
        onPayload: (stream, payload) => {
          said += stream === last ? "" : `<${stream}>`;
          said += payload.toHex();
          last = stream;
        },
        onUpdate: (...update) => said += `<${update}>`,
      }));
    return said;
  },
  (pieces) => {
    let said = "";
    const reader = tunnelDatagramReader((payload, { host, port }) => {
      said += `<${host} ${port}>${payload.toHex()}`;
    });
    pushAll(pieces, (octets) => reader.push(octets));
    return said;
  },
  (pieces) => {
    let said = "";
    const reader = new Http2FrameReader();
    pushAll(pieces, (octets) =>
      reader.push(octets, (frame) => {
        const payload = withoutPadding(frame);
        said += `<${frame.type} ${payload?.toHex()}>`;
        if (payload !== undefined) isOk(payload);
      }));
    return said;
  },
];

/** Until there is an error: behind it a stream has no boundaries any more. */
function pushAll(
  pieces: readonly Uint8Array[],
  push: (octets: Uint8Array) => Error | undefined,
): void {
  for (const piece of pieces) if (push(piece) !== undefined) return;
}

/** All codecs get one message: none may throw, and none may care how a stream is cut. */
export function fuzzCodecs(random: () => number): void {
  const pick = (n: number) => Math.floor(random() * n);
  const text = MESSAGES[pick(MESSAGES.length)] ?? "";
  const octets = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const grown = bytes(octets, new Uint8Array(pick(40)).map(() => pick(256)));
  for (let n = pick(5); n > 0; n--) grown[pick(grown.length)] = pick(256);
  const cut = grown.subarray(0, pick(grown.length + 1));
  const half = pick(cut.length + 1);
  fuzzReaders(cut, half);
  for (const transcribe of STREAMS) {
    // What a reader is lent it may unmask in place.
    const pieces = [cut.slice(0, half), cut.slice(half)];
    assertEquals(transcribe(pieces), transcribe([cut.slice()]), "cuts matter");
  }
  parseDnsQuestion(cut);
  parseDnsAnswer(cut);
  readDnsName(cut, half);
  parseSocksAddress(cut);
  socksUdpHeaderLength(cut);
  parseClose(cut);
  closeAnswer(cut);
  parseCredentials(cut);
  parseHostName(text);
  parseHttpResponse(cut, half % 2 === 0);
  sniffHttp(cut);
  sniffClientHello(cut);
  parseClientHello(cut);
  new QuicClientHello().push(cut);
}

function fuzzReaders(octets: Uint8Array, half: number): void {
  for (const reader of READERS) {
    const read = reader();
    if (read.push(octets.subarray(0, half)) === "more") {
      read.push(octets.subarray(half));
    }
  }
  const head = httpHeadReader().push(octets);
  if (head === "more" || head instanceof Error) return;
  answerUpgradeRequest(head.value, { path: "/ws" });
  checkUpgradeAnswer(head.value, {
    ...{ host: "example.org", path: "/ws", nonce: new Uint8Array(16) },
  });
}
