import { assertEquals } from "@std/assert";
import type { NodeConfig } from "../../../../src/config/chain_schema.ts";
import { errorsOf, tungoOf, warningsOf } from "../../../support/config.ts";

function written(url: string): { L: string[]; F: string[] } {
  return { L: ["tungo://:0"], F: [url] };
}

function nodeOf(url: string): NodeConfig | undefined {
  return tungoOf(written(url)).route.chain?.hops[0]?.nodes[0];
}

Deno.test("decodeNode reads where a node is", () => {
  const rows: [string, string, number][] = [
    ["relay://SERVER_IP:443", "SERVER_IP", 443],
    ["relay://192.0.2.1:1", "192.0.2.1", 1],
    ["relay://[2001:db8::1]:65535", "2001:db8::1", 65_535],
  ];
  for (const [url, host, port] of rows) {
    const node = nodeOf(url);
    assertEquals(node?.type === "proxy" && [node.host, node.port], [
      host,
      port,
    ]);
  }
});

Deno.test("decodeNode refuses an address without host or port", () => {
  for (const host of ["h", ":443", "h:0", "h:", "2001:db8::1:443", "h:65536"]) {
    assertEquals(errorsOf(written(`relay://${host}`)), [
      `-F: Cannot use the address "${host}" as it must be host:port, the port 1 to 65535 (chains[0].hops[0].nodes[0].addr)`,
    ]);
  }
  assertEquals(errorsOf(written("relay://")), [
    "-F: Cannot use a hop without nodes: name one (chains[0].hops[0].nodes)",
  ]);
});

Deno.test("decodeNode reads GOST's direct nodes", () => {
  const at = { file: "-F", line: 0, column: 0 };
  for (const scheme of ["direct", "virtual"]) {
    assertEquals(nodeOf(`${scheme}://:0?interface=wlan0&so_mark=1`), {
      type: "direct",
      at,
      name: "node-0",
      bypasses: [],
      names: { hosts: undefined, resolver: undefined },
      rule: undefined,
      probe: undefined,
      weight: 1,
      backup: false,
      maxFails: 1,
      failTimeout: 10_000,
      egress: {
        interfaces: [{ name: "wlan0", strict: false }],
        mark: 1,
        netns: undefined,
      },
      rejects: false,
    });
  }
  const rejecting = nodeOf("direct://:0?action=reject");
  assertEquals(rejecting?.type === "direct" && rejecting.rejects, true);
  assertEquals(errorsOf(written("direct://:0?action=drop")), [
    '-F: Cannot use "drop" for action as it takes reject (chains[0].hops[0].nodes[0].connector.metadata.action)',
  ]);
  assertEquals(errorsOf(written("direct+tcp://h:1")), [
    '-F: The connector "direct" is not supported yet: use relay, socks5, socks4, http (chains[0].hops[0].nodes[0].connector.type)',
  ]);
});

Deno.test("decodeNode tells connectors and dialers that are missing from those that nobody has [H.2 unknown]", () => {
  const type = "chains[0].hops[0].nodes[0]";
  const rows: [string, string[]][] = [
    ["sni://h:1", [
      `-F: The connector "sni" is not supported yet: use relay, socks5, socks4, http (${type}.connector.type)`,
    ]],
    ["relay+quic://h:1", [
      `-F: The dialer "quic" is not supported yet: use tcp, tls, ws, wss, mtcp, mtls, mws, mwss (${type}.dialer.type)`,
    ]],
    ["relai://h:1", [
      `-F: Unknown connector "relai": did you mean "relay"? (${type}.connector.type)`,
    ]],
    ["relay+wsss://h:1", [
      `-F: Unknown dialer "wsss": did you mean "wss"? (${type}.dialer.type)`,
    ]],
    ["foo+bar://h:1", [
      `-F: Unknown connector "foo": use relay, socks5, socks4, http (${type}.connector.type)`,
      `-F: Unknown dialer "bar": use tcp, tls, ws, wss, mtcp, mtls, mws, mwss (${type}.dialer.type)`,
    ]],
  ];
  for (const [url, errors] of rows) {
    assertEquals(errorsOf(written(url)), errors, url);
  }
});

Deno.test("decodeNode gives nodes of a file GOST's types where they have none [B.7]", () => {
  const yaml = `
services:
- {name: a, handler: {type: tungo, chain: c}, listener: {type: tungo}}
chains:
- {name: c, hops: [{name: h, nodes: [{name: n, addr: "h:1", dialer: {type: tls}}]}]}
`;
  const node = tungoOf({ yaml }).route.chain?.hops[0]?.nodes[0];
  assertEquals(node?.type === "proxy" && node.connector.type, "http");
  for (const url of ["http://h:1", "wss://h:1", "h:1"]) {
    const proxy = nodeOf(url);
    assertEquals(
      proxy?.type === "proxy" && proxy.connector.type,
      "http",
      url,
    );
  }
});

Deno.test("decodeNode warns of what one node has no use for", () => {
  const yaml = `
services:
- {name: a, handler: {type: tungo, chain: c}, listener: {type: tungo}}
chains:
- name: c
  hops:
  - name: h
    nodes:
    - name: n
      addr: h:1
      connector: {type: relay, tls: {serverName: x, secure: true}}
      dialer: {type: tcp, auth: {username: u, password: p}}
      probe: {type: tcp}
      metadata: {proxyProtocol: 1}
`;
  assertEquals(warningsOf({ yaml }), [
    'a.yaml:11:61: "secure" has no effect (chains[0].hops[0].nodes[0].connector.tls.secure)',
    'a.yaml:12:33: "auth" has no effect (chains[0].hops[0].nodes[0].dialer.auth)',
    'a.yaml:13:14: "probe" has no effect (chains[0].hops[0].nodes[0].probe)',
    'a.yaml:14:33: "proxyProtocol" has no effect (chains[0].hops[0].nodes[0].metadata.proxyProtocol)',
  ]);
});
