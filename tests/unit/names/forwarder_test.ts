import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../src/base/errors.ts";
import type { Exchange, Query } from "../../../src/names/exchange.ts";
import { createForwarder } from "../../../src/names/forwarder.ts";
import type { Nameserver } from "../../../src/names/nameserver.ts";
import { dnsAnswer, queryOf } from "../../support/dns_message.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { concat, hex } from "../../support/octets.ts";

const SIGNAL = new AbortController().signal;
const ADDRESS = "192.0.2.7";
const OPT_WITH_COOKIE = "00 0029 1000 00000000 000c 000a 0008 0102030405060708";

/** Nameservers, each with what it does; `asked` has what they were asked, in hex. */
function begin(
  ...servers: (Partial<Nameserver> & { readonly exchange: Exchange })[]
) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const nameservers = servers.map((server, i): Nameserver => ({
    name: `udp://192.0.2.${i}:53`,
    families: ["ipv4", "ipv6"],
    timeout: 5000,
    ...server,
    exchange: (query, signal) => {
      asked.push(`${i} ${query.octets.toHex()}`);
      return server.exchange(query, signal);
    },
  }));
  let id = 0x1000;
  const forward = createForwarder({
    nameservers,
    onNothing: "next",
    clock,
    random: () => id++,
  });
  return { clock, asked, forward };
}

const knowing: Exchange = ({ question: { id, name } }) =>
  Promise.resolve(dnsAnswer(name, [ADDRESS], { id, ttl: 100 }));

const failing = (rcode: number): Exchange => ({ octets }) => {
  const response = octets.slice();
  response[2] = 0x81;
  response[3] = 0x80 | rcode;
  return Promise.resolve(response);
};

/** The query with OPT, and letters of another case. */
function dressed({ octets, question }: Query): Query {
  const copy = concat([octets, hex(OPT_WITH_COOKIE)]);
  copy[11] = 1;
  copy[13] = (copy[13] ?? 0) - 0x20;
  return { octets: copy, question };
}

Deno.test("createForwarder() asks with an identifier of its own and nothing of whoever asks, and keeps the answer", async () => {
  const { clock, asked, forward } = begin({ exchange: knowing });
  const query = dressed(queryOf(7, "www.example"));
  const response = await forward(query, SIGNAL);
  assertEquals(asked, [
    "0 " + "100001000001000000000001" +
    queryOf(7, "www.example").octets.subarray(12).toHex() +
    "00002904d0000000000000",
  ]);
  assertEquals(response.subarray(0, 2).toHex(), "0007");
  const name = new TextDecoder().decode(response.subarray(13, 16));
  assertEquals(name, "Www");
  await clock.advance(40_500);
  const again = await forward(dressed(queryOf(8, "www.example")), SIGNAL);
  assertEquals(asked.length, 1);
  assertEquals(again.subarray(0, 2).toHex(), "0008");
  // The TTL stands before the length and the address.
  assertEquals(again.subarray(-10, -6).toHex(), "0000003c");
  await clock.advance(59_500);
  await forward(query, SIGNAL);
  assertEquals(asked.length, 2);
});

Deno.test("createForwarder() goes on where a server fails or says that there is no such name, and gives that at last", async () => {
  const good = begin(
    { exchange: failing(2) },
    { exchange: failing(3) },
    { exchange: knowing },
  );
  const query = queryOf(7, "www.example");
  const found = await good.forward(query, SIGNAL);
  assertEquals([good.asked.length, (found[3] ?? 0) & 15], [3, 0]);
  const none = begin({ exchange: failing(3) }, { exchange: failing(2) });
  const nothing = await none.forward(query, SIGNAL);
  assertEquals([none.asked.length, (nothing[3] ?? 0) & 15], [2, 3]);
  const bad = begin({ exchange: failing(5) });
  await assertRejects(
    () => bad.forward(query, SIGNAL),
    DialError,
    `Cannot resolve "www.example": Asking udp://192.0.2.0:53 for www.example: it answered with RCODE 5`,
  );
});

Deno.test("createForwarder() asks the servers that a name has of its own, and no other", async () => {
  const covers = (name: string): boolean => name.endsWith(".internal");
  const { asked, forward } = begin(
    { exchange: knowing },
    { exchange: knowing, covers },
  );
  await forward(queryOf(1, "a.internal"), SIGNAL);
  await forward(queryOf(1, "a.example"), SIGNAL);
  assertEquals(asked.map(([server]) => server), ["1", "0"]);
});

Deno.test("createForwarder() answers that there is nothing of a family that no server may be asked for", async () => {
  const { asked, forward } = begin({ exchange: knowing, families: ["ipv6"] });
  const response = await forward(queryOf(7, "www.example"), SIGNAL);
  assertEquals(response.toHex().slice(0, 24), "000781800001000000000000");
  assertEquals(asked, []);
});
