import { assertEquals } from "@std/assert";
import type { Decision, Question } from "../../../src/control/decision.ts";
import { explain } from "../../../src/control/explain.ts";
import { tungoOf } from "../../support/config.ts";

const QUESTION: Question = {
  protocol: "tcp",
  to: { host: "a.example", port: 443 },
};
const service = tungoOf({
  L: ["tungo://:0?sniffing=true&retries=2"],
  F: ["relay+wss://198.51.100.9:8443?handshakeTimeout=5s"],
});
const target = QUESTION.to;

Deno.test("explain() prints each step with its reason, and the way with its bounds", () => {
  const nodes = [{
    name: "node-0",
    way: "relay+wss 198.51.100.9:8443",
    at: "-F",
  }];
  const decision: Decision = {
    service,
    steps: [
      { by: "sniff", what: "a.example", because: "TLS SNI" },
      { by: "hop-0", what: "let through", because: "no rule, -F" },
    ],
    way: { nodes, interfaces: ["eth0", "eth1"], target },
  };
  assertEquals(
    explain(QUESTION, decision),
    `a.example:443 over tcp, by the service "service-0" (-L)

  sniff  a.example    TLS SNI
  hop-0  let through  no rule, -F

route      node-0 > a.example:443
node       node-0: relay+wss 198.51.100.9:8443 (-F)
interface  eth0, or else eth1
timeouts   sniffing 300ms, dial 15s, up to 3 times, node-0 handshake 5s
`,
  );
});

Deno.test("explain() prints what goes straight out, and what is turned down", () => {
  const question: Question = { ...QUESTION, protocol: "udp" };
  const way = { nodes: [], interfaces: [], target: { host: "?", port: 443 } };
  assertEquals(
    explain(question, { service, steps: [], way }),
    `a.example:443 over udp, by the service "service-0" (-L)

route      direct to the address that the application chooses
interface  what the routing table says
timeouts   dial 15s, up to 3 times, idle 30s
`,
  );
  assertEquals(
    explain(question, { service, steps: [], way: undefined }),
    `a.example:443 over udp, by the service "service-0" (-L)

route     none: it is turned down
timeouts  dial 15s, up to 3 times, idle 30s
`,
  );
});

Deno.test("explain() knows the bounds of a node of a chain in a group", () => {
  const at = "a.yaml:8:41";
  const grouped = tungoOf({
    yaml: `
services:
- name: t
  handler: { type: tungo, chain: c, chainGroup: { chains: [c] } }
  listener: { type: tungo }
chains:
- name: c
  hops: [{ name: h, nodes: [            { name: n, addr: "a:1",
    connector: { type: socks5, metadata: { timeout: 3s } }, dialer: { type: tcp } }] }]
`,
  });
  const nodes = [{ name: "n", way: "socks5+tcp a:1", at }];
  const way = { nodes, interfaces: [], target };
  const text = explain(QUESTION, { service: grouped, steps: [], way });
  assertEquals(text.split("\n").at(-2), "timeouts   dial 15s, n request 3s");
});
