import { assertEquals } from "@std/assert";
import type { Flow } from "../../../src/flow/flow.ts";
import { bypass } from "../../../src/middleware/bypass.ts";
import { bypassGroup } from "../../../src/rules/bypass.ts";
import { matcherSet } from "../../../src/rules/matcher_set.ts";
import { tcpFlow, udpFlow } from "../../support/flows.ts";
import { streamPair } from "../../support/stream_pair.ts";

const AT = { file: "config.yaml", line: 31, column: 7 };

const MIDDLEWARE = bypass({
  name: "bypass-0",
  decide: bypassGroup([{
    name: "bypass-0",
    at: AT,
    whitelist: false,
    network: undefined,
    matchers: [{
      current: matcherSet(
        ["192.0.2.1", ".example.com"].map((text) => ({ text, at: AT })),
      ),
    }],
  }]),
});

/** The way of `flow`, and what it was rejected with. */
async function run(flow: Flow): Promise<readonly [string, string[]]> {
  const rejections: string[] = [];
  const reject = (reason: string): number => rejections.push(reason);
  const { via } = await MIDDLEWARE(
    { ...flow, reject },
    () => Promise.resolve({ via: "direct" }),
  );
  return [via, rejections];
}

Deno.test("bypass() turns down what it hits, by address and by name, TCP and UDP [H.1 bypass levels, H.2 service bypass, K14]", async () => {
  const [local] = streamPair();
  const elsewhere = { host: "198.51.100.7", port: 443 };
  const rows = [
    tcpFlow(local),
    udpFlow(),
    tcpFlow(local, { dst: elsewhere, name: "www.example.com" }),
    // A name does not hide the address behind it.
    tcpFlow(local, { name: "elsewhere.example" }),
  ];
  for (const flow of rows) {
    assertEquals(await run(flow), ["rejected", ["prohibited"]]);
    const [{ by, because = "" } = { by: "" }] = flow.trace;
    assertEquals([by, because.includes("config.yaml:31:7")], [
      "bypass-0",
      true,
    ]);
  }
});

Deno.test("bypass() leaves everything else alone, and says so for who wants to know it all", async () => {
  const flow = udpFlow({ dst: { host: "198.51.100.7", port: 53 } });
  assertEquals(await run(flow), ["direct", []]);
  const because = "198.51.100.7 not in bypass-0, config.yaml:31:7";
  assertEquals(flow.trace, [
    { by: "bypass-0", what: "let through", because, minor: true },
  ]);
});
