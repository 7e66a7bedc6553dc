import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../../src/base/errors.ts";
import type { Dialer } from "../../../../src/flow/dialer.ts";
import type { DatagramChannel } from "../../../../src/flow/stream.ts";
import { deferred, READY, rejected } from "../../../../src/flow/stream.ts";
import { wrapStream } from "../../../../src/flow/wrap.ts";
import {
  socks5,
  type Socks5Options,
} from "../../../../src/outbound/connector/socks5.ts";
import type { Carrier } from "../../../../src/outbound/contracts.ts";
import { tcpFlow, udpFlow } from "../../../support/flows.ts";
import { ManualClock, settle } from "../../../support/manual_clock.ts";
import { ascii, hex } from "../../../support/octets.ts";
import {
  readAll,
  streamPair,
  type TestStream,
} from "../../../support/stream_pair.ts";

const CREDENTIALS = { username: "u", password: "pw" };
/** Succeeded, bound to 0.0.0.0:1080. */
const REPLY = hex("05 00 00 01 00000000 0438");

function begin(changes: Partial<Socks5Options> = {}) {
  const clock = new ManualClock();
  const [near, node] = streamPair();
  const carrier: Carrier = wrapStream(near, { roundTrip: 20, isTungo: false });
  const connector = socks5({
    udp: "tunnel",
    node: { host: "192.0.2.9", port: 1080 },
    datagrams: {
      dialStream: () => rejected(new Error("not here")),
      dialDatagram: () => rejected(new Error("not here")),
    },
    clock,
    ...changes,
  });
  return { clock, near, node, carrier, connector };
}

/** What the node has read, as it comes. */
async function heard(node: TestStream): Promise<string> {
  await settle();
  return node.taken().toHex();
}

Deno.test("socks5() asks for the target without credentials [RFC 1928 §3, §4]", async () => {
  const { near, node, carrier, connector } = begin();
  const dialled = connector.connectStream(carrier, tcpFlow(near));
  assertEquals(await heard(node), "050100");
  await node.write(hex("05 00"));
  assertEquals(await heard(node), "05010001c000020101bb");
  await node.write(Uint8Array.of(...REPLY, ...ascii("banner")));
  const upstream = await dialled;
  await upstream.answered;
  await node.closeWrite();
  assertEquals(await readAll(upstream), "banner");
});

Deno.test("socks5() asks at once on a carrier on which it has greeted the node before", async () => {
  const { near, node, carrier, connector } = begin();
  const greeting = connector.greet?.(carrier, new AbortController().signal);
  assertEquals(await heard(node), "050100");
  await node.write(hex("05 00"));
  await greeting;

  const ready = { ...carrier, greeted: true as const };
  const dialled = connector.connectStream(ready, tcpFlow(near));
  assertEquals(await heard(node), "05010001c000020101bb");
  await node.write(REPLY);
  await (await dialled).answered;
});

Deno.test("socks5() tells in its greeting that a node does not take it", async () => {
  const { node, carrier, connector } = begin();
  const greeting = connector.greet?.(carrier, new AbortController().signal);
  await node.write(hex("05 ff"));
  const error = await assertRejects(async () => await greeting, DialError);
  assertEquals(error.kind, "auth");
});

Deno.test("socks5() gives user and password when it is asked for them [RFC 1929 §2]", async () => {
  const { near, node, carrier, connector } = begin({
    credentials: CREDENTIALS,
  });
  const dialled = connector.connectStream(
    carrier,
    tcpFlow(near, { name: "example.com" }),
  );
  assertEquals(await heard(node), "05020002");
  await node.write(hex("05 02"));
  assertEquals(await heard(node), "010175027077");
  await node.write(hex("01 00"));
  const name = ascii("example.com").toHex();
  assertEquals(await heard(node), `050100030b${name}01bb`);
  await node.write(REPLY);
  await dialled;
});

Deno.test("socks5() tells why it does not get on with a node", async () => {
  const rows = [
    [{}, ["05ff"], "auth", "wants a user"],
    [{}, ["0502"], "auth", "wants a user"],
    [{ credentials: CREDENTIALS }, ["0502", "0101"], "auth", "does not accept"],
    [{}, ["0400"], "broken", "failed"],
    [{}, ["485454502f"], "broken", "failed"],
    [{}, ["0500", "05050001000000000000"], "refused", "192.0.2.1:443"],
    [{}, ["0500", "05040001000000000000"], "unreachable", "192.0.2.1:443"],
    [{}, ["0500", "05020001000000000000"], "forbidden", "192.0.2.1:443"],
  ] as const;
  for (const [changes, answers, kind, text] of rows) {
    const { near, node, carrier, connector } = begin(changes);
    const dialled = connector.connectStream(carrier, tcpFlow(near));
    const failed = assertRejects(() => dialled, DialError, text);
    for (const answer of answers) {
      await node.write(hex(answer));
      await settle();
    }
    assertEquals((await failed).kind, kind, answers.join());
  }
});

Deno.test("socks5() fails when the node hangs up, or takes too long", async () => {
  const gone = begin();
  const dialled = gone.connector.connectStream(
    gone.carrier,
    tcpFlow(gone.near),
  );
  await gone.node.closeWrite();
  const error = await assertRejects(() => dialled, DialError);
  assertEquals(error.kind, "broken");

  const late = begin({ timeout: 10_000 });
  const waiting = late.connector.connectStream(
    late.carrier,
    tcpFlow(late.near),
  );
  const failed = assertRejects(() => waiting, DialError, "longer than 10 s");
  await late.clock.advance(10_000);
  assertEquals((await failed).kind, "timeout");
  assertEquals(late.node.state(), "The other end was aborted");
});

Deno.test("socks5() carries datagrams in GOST's tunnel, each with its length and the target", async () => {
  const { near, node, carrier, connector } = begin();
  const dialled = connector.connectDatagram(carrier, udpFlow());
  await node.write(hex("05 00"));
  await heard(node);
  await node.write(REPLY);
  const channel = await dialled;
  const got: string[] = [];
  channel.deliver((payload) => got.push(new TextDecoder().decode(payload)));
  await heard(node);

  channel.send(ascii("ping"));
  // An empty one would make GOST take what follows for something else.
  channel.send(ascii(""));
  assertEquals(
    await heard(node),
    "0004ff01c00002010035" + ascii("ping").toHex(),
  );
  await node.write(hex("0004ff01c00002010035" + ascii("pong").toHex()));
  await node.write(hex("0004ff01c6336407 0035" + ascii("evil").toHex()));
  await settle();
  assertEquals(got, ["pong"]);
  await channel[Symbol.asyncDispose]();
  assertEquals(near.disposed, true);
});

/** The way to the node's UDP port, in memory. */
function datagramsTo(): {
  dialer: Dialer;
  asked: string[];
  sent: string[];
  receive: (payload: Uint8Array) => void;
} {
  const way = {
    asked: [] as string[],
    sent: [] as string[],
    receive: (_: Uint8Array) => {},
    dialer: {
      dialStream: () => rejected(new Error("not here")),
      dialDatagram: ({ dst }) => {
        way.asked.push(`${dst.host}:${dst.port}`);
        const channel: DatagramChannel = {
          closed: deferred<void>().promise,
          send: (payload) => way.sent.push(payload.toHex()),
          deliver: (onDatagram) => way.receive = onDatagram,
          [Symbol.asyncDispose]: () => READY,
        };
        return Promise.resolve(channel);
      },
    } as Dialer,
  };
  return way;
}

Deno.test("socks5() associates: datagrams go to the node's UDP port with a header [RFC 1928 §7]", async () => {
  const way = datagramsTo();
  const { near, node, carrier, connector } = begin({
    udp: "associate",
    datagrams: way.dialer,
  });
  const dialled = connector.connectDatagram(carrier, udpFlow());
  await node.write(hex("05 00"));
  assertEquals(await heard(node), "050100" + "05030001000000000000");
  await node.write(REPLY);
  const channel = await dialled;
  const got: string[] = [];
  channel.deliver((payload) => got.push(new TextDecoder().decode(payload)));
  channel.send(ascii("ping"));
  channel.send(ascii(""));
  way.receive(hex("00000001c00002010035" + ascii("pong").toHex()));
  way.receive(hex("00000001c00002010035"));
  way.receive(hex("00000001c63364070035" + ascii("evil").toHex()));
  way.receive(hex("00000101c00002010035" + ascii("part").toHex()));
  way.receive(hex("0000"));

  assertEquals(way.asked, ["192.0.2.9:1080"]);
  assertEquals(way.sent, [
    "00000001c00002010035" + ascii("ping").toHex(),
    "00000001c00002010035",
  ]);
  assertEquals(got, ["pong", ""]);

  // The association lives as long as the request's connection. RFC 1928 §6.
  await node.closeWrite();
  await channel.closed;
  await channel[Symbol.asyncDispose]();
  assertEquals(near.disposed, true);
});
