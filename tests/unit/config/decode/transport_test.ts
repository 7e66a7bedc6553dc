import { assertEquals } from "@std/assert";
import type { TransportConfig } from "../../../../src/config/hop_schema.ts";
import { errorsOf, tungoOf, warningsOf } from "../../../support/config.ts";

const AT = { file: "-F", line: 0, column: 0 };

function written(url: string): { L: string[]; F: string[] } {
  return { L: ["tungo://:0"], F: [url] };
}

function transportOf(url: string): TransportConfig | undefined {
  const node = tungoOf(written(url)).route.chain?.hops[0]?.nodes[0];
  return node?.type === "proxy" ? node.transport : undefined;
}

Deno.test("decodeTransport reads tcp, tls, ws and wss with every default [B.7, H.1 defaults]", () => {
  const base = { at: AT, tcpKeepalive: undefined, mux: undefined };
  const tls = {
    at: AT,
    verify: "none",
    serverName: "h",
    caFile: undefined,
    certificate: undefined,
    alpn: [],
    minVersion: undefined,
    maxVersion: undefined,
  };
  const ws = {
    path: "/ws",
    host: "h:443",
    headers: [],
    handshakeTimeout: undefined,
    pingInterval: undefined,
  };
  const rows: [string, unknown][] = [
    ["relay://h:443", { type: "tcp", ...base }],
    ["relay+tls://h:443", {
      type: "tls",
      ...base,
      tls,
      handshakeTimeout: undefined,
    }],
    ["relay+ws://h:443", { type: "ws", ...base, ws }],
    ["relay+wss://h:443", { type: "wss", ...base, tls, ws }],
  ];
  for (const [url, transport] of rows) {
    assertEquals<unknown>(transportOf(url), transport, url);
  }
});

Deno.test("decodeTransport reads mtcp, mtls, mws and mwss with GOST's defaults [B.7]", () => {
  const rows: [string, string, 1 | 2][] = [
    ["relay+mtcp://h:443", "tcp", 2],
    ["relay+mtls://h:443", "tls", 1],
    ["relay+mws://h:443", "ws", 1],
    ["relay+mwss://h:443", "wss", 1],
  ];
  for (const [url, type, version] of rows) {
    const transport = transportOf(url);
    assertEquals(transport?.type, type, url);
    assertEquals(transport?.mux, {
      version,
      keepalive: { interval: 10_000, timeout: 30_000 },
      maxFrameSize: 32_768,
      receiveBuffer: 4_194_304,
      streamBuffer: undefined,
    }, url);
  }
  assertEquals(transportOf("relay+wss://h:443")?.mux, undefined);
});

Deno.test("decodeTransport reads every key of multiplexing", () => {
  const url =
    "relay+mws://h:1?mux.version=2&mux.keepaliveInterval=5s&mux.keepaliveTimeout=20&mux.maxFrameSize=65535&mux.maxReceiveBuffer=100000&mux.maxStreamBuffer=65536&mux.type=smux";
  assertEquals(transportOf(url)?.mux, {
    version: 2,
    keepalive: { interval: 5_000, timeout: 20_000 },
    maxFrameSize: 65_535,
    receiveBuffer: 100_000,
    streamBuffer: 65_536,
  });
  assertEquals(warningsOf(written(url)), []);
  const silent = transportOf("relay+mws://h:1?mux.keepaliveDisabled=true");
  assertEquals(silent?.mux?.keepalive, undefined);
});

Deno.test("decodeTransport says what multiplexing cannot do", () => {
  const dialer = "chains[0].hops[0].nodes[0].dialer.metadata";
  const rows: [string, string][] = [
    [
      "mux.version=3",
      `-F: Cannot use "3" for mux.version as it must be 1 to 2 (${dialer}.mux.version)`,
    ],
    [
      "mux.keepaliveTimeout=5s",
      `-F: Cannot use a mux.keepaliveTimeout below mux.keepaliveInterval: every carrier would be given up (${dialer}.mux.keepaliveTimeout)`,
    ],
    [
      "mux.maxFrameSize=65536",
      `-F: Cannot use "65536" for mux.maxFrameSize as it must be 1 to 65535 (${dialer}.mux.maxFrameSize)`,
    ],
    [
      "mux.maxStreamBuffer=5000000",
      `-F: Cannot use a mux.maxStreamBuffer of 5000000 as all streams together have mux.maxReceiveBuffer, 4194304 (${dialer}.mux.maxStreamBuffer)`,
    ],
    [
      "mux.type=yamux",
      `-F: "mux.type" is not supported yet (${dialer}.mux.type)`,
    ],
  ];
  for (const [query, error] of rows) {
    assertEquals(errorsOf(written(`relay+mws://h:1?${query}`)), [error]);
  }
});

Deno.test("decodeTransport reads TCP's keep-alive by the name that its dialer has [B.7]", () => {
  const rows: [string, number | undefined][] = [
    ["relay://h:1?keepalive=true", 15_000],
    ["relay+tls://h:1?keepalive=true&keepalive.idle=1m", 60_000],
    ["relay+ws://h:1?tcp.keepalive=true&tcp.keepalive.idle=5", 5_000],
    ["relay+wss://h:1?keepalive=true", undefined],
    ["relay://h:1?keepalive.idle=5", undefined],
  ];
  for (const [url, idle] of rows) {
    assertEquals(transportOf(url)?.tcpKeepalive, idle, url);
  }
});

Deno.test("decodeTransport reads WebSocket's options by any of their names [relay-wire 4.2]", () => {
  const wsOf = (query: string) => {
    const transport = transportOf(`relay+ws://h:1?${query}`);
    return transport?.type === "ws" ? transport.ws : undefined;
  };
  assertEquals(wsOf("ws.path=a&path=/b&host=x.org&handshakeTimeout=9s"), {
    path: "/a",
    host: "x.org",
    headers: [],
    handshakeTimeout: 9_000,
    pingInterval: undefined,
  });
  assertEquals(wsOf("keepalive=true")?.pingInterval, 15_000);
  assertEquals(wsOf("keepalive=1&ttl=30s")?.pingInterval, 30_000);
  assertEquals(
    wsOf("ws.keepalive=1&keepalive.interval=7")?.pingInterval,
    7_000,
  );
  assertEquals(wsOf("ttl=30s")?.pingInterval, undefined);
  assertEquals(wsOf("path=/a?b%23c d%25é")?.path, "/a%3Fb%23c%20d%25%C3%A9");
});

Deno.test("decodeTransport keeps the values of headers from sight, and lets Host replace the host", () => {
  const yaml = (header: string) => ({
    yaml: `
services:
- {name: a, handler: {type: tungo, chain: c}, listener: {type: tungo}}
chains:
- name: c
  hops:
  - name: h
    nodes:
    - name: n
      addr: h:1
      connector: {type: relay}
      dialer:
        type: ws
        metadata: {header: ${header}}
`,
  });
  const node = tungoOf(yaml("{X-Token: secret, host: cdn.example, n: 1}"))
    .route.chain?.hops[0]?.nodes[0];
  const ws = node?.type === "proxy" && node.transport.type === "ws"
    ? node.transport.ws
    : undefined;
  assertEquals(ws?.host, "cdn.example");
  assertEquals(
    ws?.headers.map(({ name, value }) => [name, value.reveal()]),
    [["X-Token", "secret"], ["n", "1"]],
  );
  assertEquals(JSON.stringify(ws).includes("secret"), false);
  const header = "chains[0].hops[0].nodes[0].dialer.metadata.header";
  const rows: [string, string][] = [
    [
      "{Upgrade: h2c}",
      `a.yaml:14:29: Cannot use the header "Upgrade": the handshake has its own (${header})`,
    ],
    [
      "{sec-websocket-key: x}",
      `a.yaml:14:29: Cannot use the header "sec-websocket-key": the handshake has its own (${header})`,
    ],
    [
      "{a b: x}",
      `a.yaml:14:29: Cannot use the header "a b": that is no name of a header (${header})`,
    ],
    [
      '{a: "secret\\r\\nb: c"}',
      `a.yaml:14:29: Cannot use the header "a": its value must be one line of text (${header})`,
    ],
    [
      "text",
      `a.yaml:14:28: Cannot use this for header as it takes a mapping of names to values (${header})`,
    ],
  ];
  for (const [header, error] of rows) {
    assertEquals(errorsOf(yaml(header)), [error]);
  }
});

Deno.test("decodeTransport refuses a host that is none", () => {
  assertEquals(errorsOf(written("relay+ws://h:1?host=a%0d%0ab")), [
    '-F: Cannot use "a\\r\\nb" for host as it must be a name (chains[0].hops[0].nodes[0].dialer.metadata.host)',
  ]);
});

Deno.test("decodeTransport warns of tuning without effect, and of TLS where there is none", () => {
  const metadata = "chains[0].hops[0].nodes[0].dialer.metadata";
  assertEquals(
    warningsOf(
      written(
        "relay+ws://h:1?enableCompression=true&ws.readBufferSize=1&tcp.keepalive.count=3&secure=true",
      ),
    ),
    [
      '-F: "secure" has no effect (chains[0].hops[0].nodes[0].dialer.tls.secure)',
      `-F: "tcp.keepalive.count" has no effect (${metadata}.tcp.keepalive.count)`,
      `-F: "ws.readBufferSize" has no effect (${metadata}.ws.readBufferSize)`,
      `-F: "enableCompression" has no effect (${metadata}.enableCompression)`,
    ],
  );
});
