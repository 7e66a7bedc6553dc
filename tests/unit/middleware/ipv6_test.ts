import { assertEquals } from "@std/assert";
import type { Flow } from "../../../src/flow/flow.ts";
import { ipv6 } from "../../../src/middleware/ipv6.ts";
import { tcpFlow, udpFlow } from "../../support/flows.ts";
import { streamPair } from "../../support/stream_pair.ts";

Deno.test("ipv6() calls the network of TCP flows from IPv6 sources tcp6, and of no others", async () => {
  const src = { host: "fd00::2", port: 40_000 };
  const [local] = streamPair();
  const rows: readonly (readonly [Flow, string | undefined])[] = [
    [tcpFlow(local, { src }), "tcp6"],
    [tcpFlow(local), undefined],
    [udpFlow({ src }), undefined],
  ];
  for (const [flow, network] of rows) {
    let passed: Flow | undefined;
    await ipv6()(flow, (flow) => {
      passed = flow;
      return Promise.resolve({ via: "direct" });
    });
    assertEquals(passed?.network, network);
  }
});
