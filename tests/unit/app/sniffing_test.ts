/** The vectors of GOST's sniffing, and what tungo does instead where GOST's way is a defect. */
import { assertEquals } from "@std/assert";
import { formatEndpoint } from "../../../src/flow/flow.ts";
import { relayRequestReader } from "../../../src/proto/relay_request.ts";
import { helloRecord } from "../../support/client_hello.ts";
import { settle } from "../../support/manual_clock.ts";
import { ascii, hex } from "../../support/octets.ts";
import { connect, type PipelineRun } from "../../support/pipeline_run.ts";
import { expectMessage } from "../../support/read_message.ts";

const SERVICE = "tungo://:0?net=10.0.0.1/24&sniffing=true";
const RELAY = "relay://198.51.100.9:8443";
const DST = { host: "1.2.3.4", port: 8443 };

/** What the node has been asked for since the last time; others of its connections are kept ready. */
function askedFor({ far }: PipelineRun): string {
  const asked = far.map((stream) => stream.taken())
    .filter((octets) => octets.length > 0)
    .map((octets) => expectMessage(relayRequestReader(), octets).value.target);
  return asked.map((target = { host: "", port: 0 }) => formatEndpoint(target))
    .join();
}

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

Deno.test("a service's bypass is compared with the name that was sniffed, and always with the address [I.6, E.3, K14]", async () => {
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
