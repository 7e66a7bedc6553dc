import { assertEquals } from "@std/assert";
import type { ConnectorConfig } from "../../../../src/config/hop_schema.ts";
import { errorsOf, tungoOf, warningsOf } from "../../../support/config.ts";

const AT = { file: "-F", line: 0, column: 0 };

function written(url: string): { L: string[]; F: string[] } {
  return { L: ["tungo://:0"], F: [url] };
}

function connectorOf(url: string): ConnectorConfig | undefined {
  const node = tungoOf(written(url)).route.chain?.hops[0]?.nodes[0];
  return node?.type === "proxy" ? node.connector : undefined;
}

Deno.test("decodeConnector reads relay", () => {
  assertEquals(connectorOf("relay://h:1"), {
    type: "relay",
    at: AT,
    auth: undefined,
    nodelay: false,
    bind: false,
    connectTimeout: undefined,
  });
  assertEquals(
    connectorOf("relay://h:1?noDelay=true&connectTimeout=2&bind=true"),
    {
      type: "relay",
      at: AT,
      auth: undefined,
      nodelay: true,
      bind: true,
      connectTimeout: 2_000,
    },
  );
});

Deno.test("decodeConnector reads socks5 by both its names", () => {
  const socks5 = {
    type: "socks5",
    at: AT,
    auth: undefined,
    connectTimeout: undefined,
    udp: "tunnel",
  };
  assertEquals<unknown>(connectorOf("socks5://h:1"), socks5);
  assertEquals<unknown>(
    connectorOf("socks://h:1?notls=true&udpBufferSize=9"),
    socks5,
  );
  assertEquals<unknown>(connectorOf("socks5://h:1?relay=udp&timeout=5s"), {
    ...socks5,
    connectTimeout: 5_000,
    udp: "associate",
  });
  assertEquals(errorsOf(written("socks5://h:1?relay=tcp")), [
    '-F: Cannot use "tcp" for relay as it takes udp (chains[0].hops[0].nodes[0].connector.metadata.relay)',
  ]);
});

Deno.test("decodeConnector reads http with headers, and keeps their values from sight", () => {
  assertEquals<unknown>(connectorOf("http://h:1?timeout=5s"), {
    type: "http",
    at: AT,
    auth: undefined,
    connectTimeout: 5_000,
    headers: [],
  });
  const place = "chains[0].hops[0].nodes[0].connector.metadata.header";
  assertEquals(errorsOf(written("http://h:1?connector.header=a")), [
    `-F: Cannot use this for header as it takes a mapping of names to values (${place})`,
  ]);
  const yaml = (header: string): string => `
services:
- {name: a, handler: {type: tungo, chain: c}, listener: {type: tungo}}
chains:
- name: c
  hops:
  - name: h
    nodes:
    - {name: n, addr: "h:1", connector: {type: http, metadata: {header: ${header}}}}
`;
  const node = tungoOf({ yaml: yaml("{X-Token: secret, user-agent: curl}") })
    .route.chain?.hops[0]?.nodes[0];
  const connector = node?.type === "proxy" ? node.connector : undefined;
  if (connector?.type !== "http") throw new Error("no http connector");
  assertEquals(
    connector.headers.map(({ name, value }) => [name, value.reveal()]),
    [["X-Token", "secret"], ["user-agent", "curl"]],
  );
  assertEquals(JSON.stringify(connector).includes("secret"), false);
  assertEquals(errorsOf({ yaml: yaml("{Host: x}") }), [
    `a.yaml:9:74: Cannot use the header "Host": the request has its own (${place})`,
  ]);
});

Deno.test("decodeConnector keeps passwords from sight", () => {
  const auth = connectorOf("relay://user:secret@h:1")?.auth;
  assertEquals([auth?.username, auth?.password.reveal()], ["user", "secret"]);
  for (
    const shown of [
      JSON.stringify(auth),
      Deno.inspect(auth),
      String(auth?.password),
    ]
  ) {
    assertEquals(shown.includes("secret"), false, shown);
  }
});

Deno.test("decodeConnector bounds credentials by what the protocols carry [RFC 1929 §2]", () => {
  const long = "é".repeat(128);
  assertEquals(errorsOf(written(`relay://u:${encodeURIComponent(long)}@h:1`)), [
    "-F: Cannot use a password of 256 octets as it must be <= 255 (chains[0].hops[0].nodes[0].connector.auth)",
  ]);
  assertEquals(errorsOf(written(`socks5://${"u".repeat(256)}@h:1`)), [
    "-F: Cannot use a username of 256 octets as it must be <= 255 (chains[0].hops[0].nodes[0].connector.auth)",
  ]);
});

Deno.test("decodeConnector refuses a file of credentials", () => {
  const yaml = `
services:
- {name: a, handler: {type: tungo, chain: c}, listener: {type: tungo}}
chains:
- {name: c, hops: [{nodes: [{addr: h:1, connector: {type: relay, auth: {file: f}}}]}]}
`;
  assertEquals(errorsOf({ yaml }), [
    'a.yaml:5:79: "file" is not supported yet (chains[0].hops[0].nodes[0].connector.auth.file)',
  ]);
});

Deno.test("decodeConnector warns of multiplexing, which is the dialer's", () => {
  assertEquals(warningsOf(written("relay://h:1?connector.mux.version=2")), [
    '-F: "mux.version" has no effect here (chains[0].hops[0].nodes[0].connector.metadata.mux.version)',
  ]);
});

Deno.test("decodeConnector says that SOCKS4 sends no password", () => {
  assertEquals(warningsOf(written("socks4://user:pw@h:1")), [
    "-F: SOCKS4 knows a user and no password: it is not sent, socks5 would (chains[0].hops[0].nodes[0].connector.auth)",
  ]);
  assertEquals(warningsOf(written("socks4://user@h:1")), []);
});
