import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ProtocolError } from "../../../src/base/errors.ts";
import {
  DNS_TYPES,
  type DnsAnswer,
  encodeDnsQuery,
  parseDnsAnswer,
  parseDnsQuestion,
} from "../../../src/proto/dns.ts";
import { concat, expectOctets, hex } from "../../support/octets.ts";

/** The question "example.com A IN", 17 octets at offset 12. */
const QUESTION = "07 6578616d706c65 03 636f6d 00 0001 0001";
const AAAA_QUESTION = "07 6578616d706c65 03 636f6d 00 001c 0001";
const EXAMPLE = { id: 0xabcd, response: true, name: "example.com", type: 1 };

function answer(octets: string): DnsAnswer | string {
  const parsed = parseDnsAnswer(hex(octets));
  return parsed instanceof ProtocolError ? parsed.message : parsed;
}

Deno.test("encodeDnsQuery asks one question with recursion [RFC 1035 §4.1]", () => {
  assertEquals(
    encodeDnsQuery({ id: 0xabcd, name: "example.com", type: "A" }),
    hex(`abcd 0100 0001 0000 0000 0000 ${QUESTION}`),
  );
  assertEquals(
    encodeDnsQuery({ id: 1, name: "example.com", type: "AAAA" }),
    hex(`0001 0100 0001 0000 0000 0000 ${AAAA_QUESTION}`),
  );
  const error = encodeDnsQuery({ id: 1, name: "a..b", type: "A" });
  assertEquals(
    error instanceof ProtocolError && error.message,
    `Cannot ask for "a..b": not a domain name`,
  );
});

Deno.test("parseDnsQuestion reads what encodeDnsQuery writes", () => {
  const query = fc.record({
    id: fc.nat({ max: 0xffff }),
    name: fc.domain().filter((name) => name.length <= 253),
    type: fc.constantFrom("A" as const, "AAAA" as const),
  });
  fc.assert(fc.property(query, ({ id, name, type }) => {
    const octets = expectOctets(encodeDnsQuery({ id, name, type }));
    assertEquals(parseDnsQuestion(octets), {
      id,
      response: false,
      name: name.toLowerCase(),
      type: DNS_TYPES[type],
    });
  }));
});

Deno.test("parseDnsQuestion reads queries and responses as they are found", () => {
  const rows: [string, string][] = [
    [
      "query with OPT",
      `abcd 0120 0001 0000 0000 0001 ${QUESTION} 00 0029 04d0 00000000 0000`,
    ],
    [
      "query with OPT and TSIG",
      `abcd 0100 0001 0000 0000 0002 ${QUESTION} ${"00".repeat(22)}`,
    ],
    ["with checking disabled", `abcd 0110 0001 0000 0000 0000 ${QUESTION}`],
    [
      "response",
      `abcd 8180 0001 0001 0000 0000 ${QUESTION} c00c 0001 0001 00000e10 0004 5db8d822`,
    ],
    ["NXDOMAIN", `abcd 8183 0001 0000 0000 0000 ${QUESTION}`],
    ["truncated", `abcd 8380 0001 0005 0000 0000 ${QUESTION}`],
  ];
  for (const [what, octets] of rows) {
    const question = parseDnsQuestion(hex(octets));
    assertEquals(question?.name, "example.com", what);
    assertEquals(question?.response, !what.includes("with"), what);
  }
});

Deno.test("parseDnsQuestion takes nothing else for DNS", () => {
  const name = "07 6578616d706c65 03 636f6d 00";
  const rows: [string, string][] = [
    ["too short", "abcd 0100 0001 0000 0000 00"],
    ["no question", "abcd 8180 0000 0000 0000 0000"],
    ["two questions", `abcd 0100 0002 0000 0000 0000 ${QUESTION} ${QUESTION}`],
    ["another opcode", `abcd 2100 0001 0000 0000 0000 ${QUESTION}`],
    ["Z is set", `abcd 0140 0001 0000 0000 0000 ${QUESTION}`],
    [
      "a query with an answer",
      `abcd 0100 0001 0001 0000 0000 ${QUESTION} c00c 0001 0001 00000000 0000`,
    ],
    ["a query with an RCODE", `abcd 0101 0001 0000 0000 0000 ${QUESTION}`],
    [
      "a query with many records",
      `abcd 0100 0001 0000 0000 0003 ${QUESTION} ${"00".repeat(40)}`,
    ],
    ["octets behind a query", `abcd 0100 0001 0000 0000 0000 ${QUESTION} 00`],
    [
      "fewer octets than records need",
      `abcd 8180 0001 0002 0000 0000 ${QUESTION} c00c 0001 0001 00000e10 0004 5db8d8`,
    ],
    [
      "fewer octets than additional records need",
      `abcd 8180 0001 0000 0000 0001 ${QUESTION} 00 0029 04d0 00000000 00`,
    ],
    ["name is cut", "abcd 0100 0001 0000 0000 0000 07 6578"],
    ["type is cut", `abcd 0100 0001 0000 0000 0000 ${name} 00`],
    ["class is cut", `abcd 0100 0001 0000 0000 0000 ${name} 0001 00`],
    ["type 0", `abcd 0100 0001 0000 0000 0000 ${name} 0000 0001`],
    ["class 7", `abcd 0100 0001 0000 0000 0000 ${name} 0001 0007`],
  ];
  for (const [what, octets] of rows) {
    assertEquals(parseDnsQuestion(hex(octets)), undefined, what);
  }
});

Deno.test("parseDnsQuestion hardly ever takes random octets for DNS, and never throws", () => {
  const octets = fc.uint8Array({ minLength: 12, maxLength: 200 });
  fc.assert(
    fc.property(octets, (octets) => {
      assertEquals(parseDnsQuestion(octets), undefined);
    }),
    { seed: 1, numRuns: 5000 },
  );
});

Deno.test("parseDnsAnswer reads addresses and the shortest TTL", () => {
  const rows: [string, DnsAnswer][] = [
    [
      `abcd 8180 0001 0002 0000 0000 ${QUESTION}
       c00c 0001 0001 00000e10 0004 5db8d822 c00c 0001 0001 0000003c 0004 5db8d823`,
      {
        question: EXAMPLE,
        rcode: 0,
        truncated: false,
        addresses: ["93.184.216.34", "93.184.216.35"],
        ttl: 60,
      },
    ],
    [
      `abcd 8180 0001 0001 0000 0000 ${AAAA_QUESTION}
       c00c 001c 0001 00000e10 0010 20010db8000000000000000000000001`,
      {
        question: { ...EXAMPLE, type: 28 },
        rcode: 0,
        truncated: false,
        addresses: ["2001:db8::1"],
        ttl: 3600,
      },
    ],
    [
      `abcd 8180 0001 0001 0000 0000 ${QUESTION} c00c 0001 0001 7fffffff 0004 01020304`,
      {
        question: EXAMPLE,
        rcode: 0,
        truncated: false,
        addresses: ["1.2.3.4"],
        ttl: 0x7fffffff,
      },
    ],
    // RFC 2181 §8: a TTL with the highest bit set is 0.
    [
      `abcd 8180 0001 0001 0000 0000 ${QUESTION} c00c 0001 0001 80000000 0004 01020304`,
      {
        question: EXAMPLE,
        rcode: 0,
        truncated: false,
        addresses: ["1.2.3.4"],
        ttl: 0,
      },
    ],
    [
      `abcd 8183 0001 0000 0000 0000 ${QUESTION}`,
      { question: EXAMPLE, rcode: 3, truncated: false, addresses: [], ttl: 0 },
    ],
    [
      `abcd 8380 0001 0009 0000 0000 ${QUESTION} c00c 0001`,
      { question: EXAMPLE, rcode: 0, truncated: true, addresses: [], ttl: 0 },
    ],
  ];
  for (const [octets, expected] of rows) assertEquals(answer(octets), expected);
});

Deno.test("parseDnsAnswer follows CNAMEs in whatever order [RFC 1034 §3.6.2]", () => {
  // example.com -> www.example.com -> a.b, and an address of somebody else.
  const records = [
    "c00c 0005 0001 00000064 0006 03 777777 c00c",
    "03 777777 c00c 0005 0001 00000032 0005 01 61 01 62 00",
    "01 61 01 62 00 0001 0001 000000c8 0004 01020304",
    "01 78 00 0001 0001 00000001 0004 09090909",
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(records, { minLength: 4 }), (records) => {
      assertEquals(
        answer(
          `abcd 8180 0001 0004 0000 0000 ${QUESTION} ${records.join(" ")}`,
        ),
        {
          question: EXAMPLE,
          rcode: 0,
          truncated: false,
          addresses: ["1.2.3.4"],
          ttl: 50,
        },
      );
    }),
  );
});

Deno.test("parseDnsAnswer ignores records that do not answer the question", () => {
  const rows: [string, string][] = [
    ["AAAA to A", `c00c 001c 0001 00000e10 0010 ${"00".repeat(16)}`],
    ["another owner", "01 78 00 0001 0001 00000001 0004 09090909"],
    ["class CH", "c00c 0001 0003 00000001 0004 09090909"],
    ["three octets", "c00c 0001 0001 00000001 0003 090909"],
    ["CNAME in a circle", "c00c 0005 0001 00000001 0002 c00c"],
    ["CNAME longer than its data", "c00c 0005 0001 00000001 0001 0378797a00"],
    ["TXT", "c00c 0010 0001 00000001 0003 026869"],
  ];
  for (const [what, record] of rows) {
    assertEquals(
      answer(`abcd 8180 0001 0001 0000 0000 ${QUESTION} ${record}`),
      { question: EXAMPLE, rcode: 0, truncated: false, addresses: [], ttl: 0 },
      what,
    );
  }
});

Deno.test("parseDnsAnswer follows 16 CNAMEs and no more", () => {
  const label = (i: number) => `01 ${(0x61 + i).toString(16)} 00`;
  const chain = (links: number) => {
    const count = (links + 1).toString(16).padStart(4, "0");
    let records = `c00c 0005 0001 00000001 0003 ${label(1)}`;
    for (let i = 1; i < links; i++) {
      records += `${label(i)} 0005 0001 00000001 0003 ${label(i + 1)}`;
    }
    records += `${label(links)} 0001 0001 00000001 0004 01020304`;
    return `abcd 8180 0001 ${count} 0000 0000 ${QUESTION} ${records}`;
  };
  const addresses = [16, 17].map((links) => {
    const parsed = answer(chain(links));
    return typeof parsed === "string" ? parsed : parsed.addresses;
  });
  assertEquals(addresses, [["1.2.3.4"], []]);
});

Deno.test("parseDnsAnswer fails for queries and for what is cut", () => {
  const rows: [string, string][] = [
    [
      `abcd 0100 0001 0000 0000 0000 ${QUESTION}`,
      "Expected a response, got a query",
    ],
    ["abcd", "Not a DNS message"],
    [
      `abcd 8180 0001 0001 0000 0000 ${QUESTION} c00c 0001 0001 00000e10 0004 5db8d8`,
      "A record is cut short",
    ],
    [
      `abcd 8180 0001 0001 0000 0000 ${QUESTION} 03 616263 00 0001 0001 0000`,
      "A record is cut short",
    ],
    [
      `abcd 8180 0001 0001 0000 0000 ${QUESTION} ${"0161".repeat(8)}`,
      "A record is cut short",
    ],
  ];
  for (const [octets, message] of rows) assertEquals(answer(octets), message);
});

Deno.test("parseDnsAnswer never throws", () => {
  const head = hex(`abcd 8180 0001 0003 0000 0000 ${QUESTION}`);
  const octet = fc.oneof(fc.constantFrom(0xc0, 0x0c, 0, 1, 5), fc.nat(255));
  const records = fc.array(octet, { minLength: 33, maxLength: 120 });
  fc.assert(
    fc.property(records, (records) => {
      parseDnsAnswer(concat([head, Uint8Array.from(records)]));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("encodeDnsQuery() tells the client's network in OPT [RFC 7871 §6]", () => {
  const address = Uint8Array.of(192, 0, 2, 7);
  const query = encodeDnsQuery({
    id: 1,
    name: "a",
    type: "A",
    clientSubnet: { address, length: 24 },
  });
  assertEquals(
    query instanceof Uint8Array && query.toHex(),
    "000101000001000000000001" + "01610000010001" +
      "00002904d000000000000b" + "0008000700011800c00002",
  );
});
