import { assertEquals } from "@std/assert";
import type { ProbeConfig } from "../../../../src/config/chain_schema.ts";
import { errorsOf, tungoOf, warningsOf } from "../../../support/config.ts";

/** A hop with one node, or two, of which the first is probed. */
function file(probe: string, other = true): { readonly yaml: string } {
  return {
    yaml: `
services: [{name: s, handler: {type: tungo, chain: c}, listener: {type: tungo}}]
chains:
- name: c
  hops:
  - name: h
    selector: {strategy: LL, maxLatency: 200ms}
    nodes:
    - {name: n, addr: h:1, connector: {type: relay}, probe: {${probe}}}
    ${other ? "- {name: m, addr: h:2, connector: {type: relay}}" : ""}
`,
  };
}

function probeOf(probe: string): ProbeConfig | undefined {
  return tungoOf(file(probe)).route.chain?.hops[0]?.nodes[0]?.probe;
}

Deno.test("decodeProbe reads where a probe goes and how often, with GOST's defaults [B.7]", () => {
  const { at: _, ...tcp } = probeOf("type: tcp, addr: a.example:80") ?? {};
  assertEquals(tcp, {
    host: "a.example",
    port: 80,
    interval: 30_000,
    timeout: 10_000,
    http: undefined,
  });
  const http = probeOf(
    "type: http, addr: a:80, interval: 5s, timeout: 1s, httpPath: x, httpHost: b, httpHeaders: {X-T: t}, expectedStatus: 204",
  );
  assertEquals([http?.interval, http?.timeout], [5_000, 1_000]);
  const { headers = [], ...asked } = http?.http ?? {};
  assertEquals(asked, { path: "/x", host: "b", status: 204 });
  assertEquals(headers.map(({ name, value }) => [name, value.reveal()]), [
    ["X-T", "t"],
  ]);
  assertEquals(probeOf("type: http, addr: a:80")?.http?.host, "a:80");
});

Deno.test("decodeProbe says what it cannot use, and where", () => {
  const path = "chains[0].hops[0].nodes[0].probe";
  const rows: [string, string][] = [
    [
      "type: tpc, addr: a:1",
      `a.yaml:9:68: Unknown probe "tpc": did you mean "tcp"? (${path}.type)`,
    ],
    [
      "type: cmd, command: x",
      `a.yaml:9:68: The probe "cmd" is not supported yet: use tcp, http (${path}.type)`,
    ],
    [
      "type: tcp, addr: a",
      `a.yaml:9:79: Cannot use the address "a" as it must be host:port, the port 1 to 65535 (${path}.addr)`,
    ],
    [
      "type: http, addr: a:1, httpHeaders: {Host: b}",
      `a.yaml:9:99: Cannot use the header "Host": the request has its own (${path}.httpHeaders)`,
    ],
  ];
  for (const [probe, error] of rows) {
    assertEquals(errorsOf(file(probe)), [error]);
  }
});

Deno.test("decodeProbe is not asked where there is nothing to choose", () => {
  assertEquals(warningsOf(file("type: tcp, addr: a:1", false)), [
    'a.yaml:9:61: "probe" has no effect (chains[0].hops[0].nodes[0].probe)',
  ]);
});
