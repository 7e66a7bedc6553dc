import { assertEquals } from "@std/assert";
import { DialError } from "../../../src/base/errors.ts";
import { answer, type AnswerOptions } from "../../../src/middleware/answer.ts";
import { channelPair } from "../../support/channel_pair.ts";
import { queryOf, responseTo } from "../../support/dns_message.ts";
import { tcpFlow, udpFlow } from "../../support/flows.ts";
import { settle } from "../../support/manual_clock.ts";
import { concat } from "../../support/octets.ts";
import { streamPair } from "../../support/stream_pair.ts";

const QUERY = queryOf(7, "www.example");
const NEXT = () => Promise.resolve({ via: "next" });
const DNS = { host: "192.0.2.53", port: 53 };

function middleware(answering: AnswerOptions["answer"]) {
  return answer({ name: "resolver-0", answer: answering });
}

const KNOWING = middleware((query) => Promise.resolve(responseTo(query)));

Deno.test("answer() answers datagrams to port 53, whomever they are for, and passes other flows on", async () => {
  const [application, local] = channelPair();
  const heard: string[] = [];
  application.deliver((octets) => void heard.push(octets.toHex()));
  const flow = udpFlow({ accept: () => Promise.resolve(local) });
  const done = KNOWING(flow, NEXT);
  await settle();
  application.send(QUERY.octets);
  application.send(new Uint8Array(3));
  application.send(responseTo(QUERY));
  await settle();
  assertEquals(heard, [responseTo(QUERY).toHex()]);
  await application[Symbol.asyncDispose]();
  assertEquals(await done, { via: "answered" });
  const other = udpFlow({ dst: { host: "192.0.2.1", port: 443 } });
  assertEquals(await KNOWING(other, NEXT), { via: "next" });
});

Deno.test("answer() answers streams to port 53, and ends with them [RFC 7766 §6.2.1]", async () => {
  const [application, local] = streamPair();
  const done = KNOWING(tcpFlow(local, { dst: DNS }), NEXT);
  const framed = (octets: Uint8Array) =>
    concat([Uint8Array.of(0, octets.length), octets]);
  await application.write(concat([
    framed(QUERY.octets),
    framed(queryOf(8, "a.example").octets),
  ]));
  await application.closeWrite();
  await done;
  assertEquals(
    application.taken(),
    concat([
      framed(responseTo(QUERY)),
      framed(responseTo(queryOf(8, "a.example"))),
    ]),
  );
  assertEquals(application.state(), "ended");
});

Deno.test("answer() says SERVFAIL where nobody knows, and why in the trace, once", async () => {
  const failing = middleware(() =>
    Promise.reject(new DialError("unreachable", "nobody there"))
  );
  const [application, local] = channelPair();
  const heard: number[] = [];
  application.deliver((octets) => void heard.push((octets[3] ?? 0) & 0x0f));
  const flow = udpFlow({ accept: () => Promise.resolve(local) });
  void failing(flow, NEXT);
  await settle();
  for (let i = 0; i < 2; i++) application.send(QUERY.octets);
  await settle();
  assertEquals(heard, [2, 2]);
  assertEquals(
    flow.trace.map(({ what, because }) => [what, because]),
    [
      ["answered for 192.0.2.1:53", undefined],
      ["failed for www.example", "nobody there"],
    ],
  );
  await application[Symbol.asyncDispose]();
});

Deno.test("answer() drops more than 64 datagrams that wait", async () => {
  let asked = 0;
  const silent = middleware(() => {
    asked++;
    return new Promise(() => {});
  });
  const [application, local] = channelPair();
  void silent(udpFlow({ accept: () => Promise.resolve(local) }), NEXT);
  await settle();
  for (let i = 0; i < 100; i++) application.send(QUERY.octets);
  await settle();
  assertEquals(asked, 64);
  await application[Symbol.asyncDispose]();
});
