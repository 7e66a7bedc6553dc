/** The vectors of GOST's sniffing, and what tungo does instead where GOST's way is a defect. */
import { assertEquals } from "@std/assert";
import { helloRecord } from "../../support/client_hello.ts";
import { settle } from "../../support/manual_clock.ts";
import { ascii, hex } from "../../support/octets.ts";
import { askedFor, connect } from "../../support/pipeline_run.ts";

const SERVICE = "tungo://:0?net=10.0.0.1/24&sniffing=true";
const RELAY = "relay://198.51.100.9:8443";
const DST = { host: "1.2.3.4", port: 8443 };

/** First octets, what is asked for, and what a service's bypass can match beside the address. */
const ROWS: readonly (readonly [string, Uint8Array, string, string?])[] = [
  ["SNI", helloRecord("a.com"), "a.com:8443", "a.com:443"],
  ["no SNI", helloRecord(), "1.2.3.4:8443"],
  [
    "Host",
    ascii("GET / HTTP/1.1\r\nHost: a.com\r\n\r\n"),
    "a.com:8443",
    "a.com:80",
  ],
  [
    "Host with a port",
    ascii("GET / HTTP/1.1\r\nHost: a.com:9000\r\n\r\n"),
    "a.com:8443",
    "a.com:9000",
  ],
  ["no Host", ascii("GET / HTTP/1.0\r\n\r\n"), "1.2.3.4:8443"],
  ["SSH", ascii("SSH-2.0-x\r\n"), "1.2.3.4:8443"],
  ["random octets", hex("f1 e2 d3 c4 b5 a6"), "1.2.3.4:8443"],
];

Deno.test("sniffed names are asked for with the destination's own port [I.6, H.1 sniffed name]", async () => {
  for (const [what, said, asked] of ROWS) {
    const run = await connect({ L: [SERVICE], F: [RELAY] }, { said, dst: DST });
    await run.clock.advance(300);
    assertEquals(askedFor(run), asked, what);
    await run.end();
  }
});

Deno.test("a service's bypass is compared with the name that was sniffed, and always with the address [I.6, E.3, K14, H.2 service bypass]", async () => {
  for (const [what, said, , sees] of ROWS) {
    for (const pattern of ["1.2.3.4:8443", sees]) {
      if (pattern === undefined) continue;
      const L = [`${SERVICE}&bypass=${pattern}`];
      const run = await connect({ L, F: [RELAY] }, { said, dst: DST });
      assertEquals(await run.done, "rejected", `${what}, ${pattern}`);
    }
  }
});

Deno.test("whoever says nothing in time is asked for by address [I.6, H.2 sniffing timeout]", async () => {
  const run = await connect({ L: [SERVICE], F: [RELAY] }, { dst: DST });
  await run.clock.advance(299);
  assertEquals(run.far[0]?.taken().length, 0);
  await run.clock.advance(1);
  assertEquals(askedFor(run), "1.2.3.4:8443");
  await run.end();
});

Deno.test("a name that cannot be reached is given up for the address where sniffing.fallback says so [I.6, H.1 fallback]", async () => {
  for (const fallback of [true, false]) {
    const L = [`${SERVICE}&sniffing.fallback=${fallback}`];
    const said = helloRecord("a.com");
    const run = await connect({ L, F: [RELAY] }, { said, dst: DST });
    assertEquals(askedFor(run), "a.com:8443");
    // Host unreachable.
    await run.far[0]?.write(hex("01 06 0000"));
    await settle();
    assertEquals(askedFor(run), fallback ? "1.2.3.4:8443" : "");
    if (fallback) await run.end();
  }
});

Deno.test("what was opened for a sniffed flow is closed with it [H.2 upstream of sniffed HTTP]", async () => {
  const said = "GET / HTTP/1.1\r\nHost: a.com\r\n\r\n";
  const run = await connect({ L: [SERVICE], F: [RELAY] }, { said });
  await run.end();
  assertEquals(run.near[0]?.disposed, true);
});

Deno.test("a bypass ends the chain before its hop, by the sniffed name and whatever way it is turned [I.4, H.1 bypass levels]", async () => {
  const F = [
    "relay://198.51.100.8:1?bypass=~example.com,.example.org",
    "relay://198.51.100.9:2?bypass=example.com",
  ];
  const rows = [
    ["example.com", "198.51.100.8", "example.com:8443"],
    ["www.example.org", "198.51.100.8", "198.51.100.9:2"],
    ["www.example.com", "1.2.3.4", ""],
  ] as const;
  for (const [name, first, asked] of rows) {
    const said = `GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`;
    const run = await connect({ L: [SERVICE], F }, { said, dst: DST });
    assertEquals(run.asked[0]?.host, first, name);
    if (asked !== "") assertEquals(askedFor(run), asked, name);
    run.flow.controller.abort(new Error("enough"));
    await run.done.catch(() => {});
  }
});
