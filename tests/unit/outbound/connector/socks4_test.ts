import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../../src/base/errors.ts";
import { wrapStream } from "../../../../src/flow/wrap.ts";
import { socks4 } from "../../../../src/outbound/connector/socks4.ts";
import { tcpFlow, udpFlow } from "../../../support/flows.ts";
import { ManualClock, settle } from "../../../support/manual_clock.ts";
import { ascii, hex } from "../../../support/octets.ts";
import { readAll, streamPair } from "../../../support/stream_pair.ts";

function begin() {
  const [near, node] = streamPair();
  const carrier = wrapStream(near, { roundTrip: 20, isTungo: false });
  const connector = socks4({ userId: "u", clock: new ManualClock() });
  return { near, node, carrier, connector };
}

Deno.test("socks4() asks for addresses and names, and keeps what comes glued to the reply [K10]", async () => {
  const rows: [string | undefined, string][] = [
    [undefined, "040101bbc00002017500"],
    ["a.b", "040101bb000000017500612e6200"],
  ];
  for (const [name, request] of rows) {
    const { near, node, carrier, connector } = begin();
    const flow = tcpFlow(near, name === undefined ? {} : { name });
    const dialled = connector.connectStream(carrier, flow);
    await settle();
    assertEquals(node.taken().toHex(), request);
    await node.write(
      Uint8Array.of(...hex("005a000000000000"), ...ascii("banner")),
    );
    const upstream = await dialled;
    await node.closeWrite();
    assertEquals(await readAll(upstream), "banner");
  }
});

Deno.test("socks4() says what the node refused, and that it has neither IPv6 nor datagrams", async () => {
  for (const [code, kind] of [["5b", "refused"], ["5d", "auth"]]) {
    const { near, node, carrier, connector } = begin();
    const dialled = connector.connectStream(carrier, tcpFlow(near));
    const failure = assertRejects(() => dialled, DialError);
    await node.write(hex(`00${code}000000000000`));
    assertEquals((await failure).kind, kind);
  }
  const { near, carrier, connector } = begin();
  const six = tcpFlow(near, { dst: { host: "2001:db8::1", port: 1 } });
  const stream = () => connector.connectStream(carrier, six);
  assertEquals((await assertRejects(stream, DialError)).kind, "unsupported");
  const datagram = () => connector.connectDatagram(carrier, udpFlow());
  assertEquals((await assertRejects(datagram, DialError)).kind, "streams-only");
  assertEquals(connector.streamsOnly, true);
});
