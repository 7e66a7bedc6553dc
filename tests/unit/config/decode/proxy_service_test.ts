import { assertEquals } from "@std/assert";
import { errorsOf, proxyOf, warningsOf } from "../../../support/config.ts";

/** What there is of credentials, passwords revealed. */
function usersOf(written: Parameters<typeof proxyOf>[0]): string[] {
  return proxyOf(written).users.map(({ username, password }) =>
    `${username}:${password.reveal()}`
  );
}

Deno.test("decodeProxyService fills in every default", () => {
  const at = { file: "-L", line: 0, column: 0 };
  assertEquals(proxyOf({ L: ["relay+wss://:8443"] }), {
    type: "proxy",
    protocol: "relay",
    at,
    name: "service-0",
    route: {
      chain: undefined,
      group: undefined,
      bypasses: [],
      names: { hosts: undefined, resolver: undefined },
      egress: { interfaces: [], mark: undefined, netns: undefined },
      dialTimeout: 15_000,
      retries: 0,
      strict: false,
    },
    sniffing: { tcp: false, udp: false, timeout: 300, fallback: false },
    hooks: { preUp: [], postUp: [], preDown: [], postDown: [] },
    onReload: "end",
    host: "",
    port: 8_443,
    listener: {
      type: "wss",
      mux: undefined,
      path: "/ws",
      tls: {
        at,
        certificate: undefined,
        alpn: [],
        minVersion: undefined,
        maxVersion: undefined,
      },
    },
    users: [],
    readTimeout: 15_000,
    bind: false,
    udp: true,
  });
});

Deno.test("decodeProxyService listens by tcp, tls, ws and wss", () => {
  const listenerOf = (url: string) => proxyOf({ L: [url] }).listener;
  assertEquals(listenerOf("relay://:1"), { type: "tcp", mux: undefined });
  assertEquals(listenerOf("relay+tcp://:1"), { type: "tcp", mux: undefined });
  assertEquals(listenerOf("relay+tls://:1").type, "tls");
  assertEquals(listenerOf("relay+ws://:1?path=x"), {
    type: "ws",
    mux: undefined,
    path: "/x",
  });
  assertEquals(listenerOf("relay+wss://:1").type, "wss");
});

Deno.test("decodeProxyService reads where it listens", () => {
  const { host, port } = proxyOf({ L: ["relay://[::1]:0?readTimeout=3"] });
  assertEquals([host, port], ["::1", 0]);
  assertEquals(errorsOf({ L: ["relay://h"] }), [
    '-L: Cannot listen on "h" as it must be host:port or :port (services[0].addr)',
  ]);
});

Deno.test("decodeProxyService takes the document's certificate where it has none of its own [B.13]", () => {
  const file = (tls: string) => ({
    yaml: `
services:
- name: a
  addr: :1
  handler: {type: relay}
  listener: {type: tls, tls: ${tls}}
tls: {certFile: default.pem, keyFile: default.key}
`,
  });
  const certificateOf = (tls: string) => {
    const { listener } = proxyOf(file(tls));
    return listener.type === "tls" ? listener.tls.certificate : undefined;
  };
  assertEquals(certificateOf(""), {
    certFile: "default.pem",
    keyFile: "default.key",
  });
  assertEquals(certificateOf("{certFile: a.pem, keyFile: a.key}"), {
    certFile: "a.pem",
    keyFile: "a.key",
  });
});

Deno.test("decodeProxyService reads its users from the URL, from auth and from authers", () => {
  assertEquals(usersOf({ L: ["relay://u:p%40@:1"] }), ["u:p@"]);
  const file = (handler: string) => ({
    yaml: `
services:
- name: a
  addr: :1
  handler: {type: relay, ${handler}}
authers:
- name: x
  auths: [{username: a, password: b}, {username: c}]
- name: y
  auths: [{username: d, password: 0123}]
`,
  });
  assertEquals(usersOf(file("auth: {username: u, password: p}")), ["u:p"]);
  assertEquals(usersOf(file("auther: x")), ["a:b", "c:"]);
  assertEquals(
    usersOf(file("auth: {username: u}, auther: x, authers: [y]")),
    ["a:b", "c:", "d:0123"],
  );
});

Deno.test("decodeProxyService refuses what would let others in", () => {
  const file = (more: string) => ({
    yaml: `
services:
- name: a
  addr: :1
  handler: {type: relay, auther: x}
  listener: {type: tls}
authers: [{name: x, ${more}}]
`,
  });
  const rows: [Parameters<typeof errorsOf>[0], string[]][] = [
    [file("auths: [{username: a}], file: {path: users}"), [
      'a.yaml:7:51: "file" is not supported yet (authers[0].file)',
    ]],
    [file("auths: []"), [
      'a.yaml:7:11: Cannot use the auther "x" without auths (authers[0])',
    ]],
    [file("auths: [{username: a, file: f}]"), [
      'a.yaml:7:49: "file" is not supported yet (authers[0].auths[0].file)',
    ]],
    [{
      yaml: file("auths: [{username: a}]").yaml.replace(
        "auther: x",
        "auther: y1",
      ),
    }, [
      'a.yaml:5:34: Unknown auther "y1": there is x (services[0].handler.auther)',
    ]],
    [{ L: ["relay+tls://:1?cert=c&key=k&ca=a"] }, [
      '-L: "caFile" is not supported yet (services[0].listener.tls.caFile)',
    ]],
    [{ L: ["relay://:1?admission=10.0.0.0/8"] }, [
      '-L: "admission" is not supported yet (services[0].admission)',
    ]],
    [{ L: ["relay://:1?skipauth=::1&proxyProtocol=1"] }, [
      '-L: "proxyProtocol" is not supported yet (services[0].metadata.proxyProtocol)',
      '-L: "skipauth" is not supported yet (services[0].handler.metadata.skipauth)',
    ]],
  ];
  for (const [written, errors] of rows) {
    assertEquals(errorsOf(written), errors);
  }
});

Deno.test("decodeProxyService has GOST's handlers by all their names, over every listener", () => {
  const rows = [
    [":8080", "auto", "tcp"],
    ["tls://:8080", "auto", "tls"],
    ["socks5://:1", "socks5", "tcp"],
    ["socks+tls://:1", "socks5", "tls"],
    ["socks4a://:1", "socks4", "tcp"],
    ["https://:1", "http", "tls"],
    ["http+wss://:1", "http", "wss"],
    ["socks5+mwss://:1", "socks5", "wss"],
  ] as const;
  for (const [url, protocol, type] of rows) {
    const service = proxyOf({ L: [url] });
    assertEquals(
      [service.protocol, service.listener.type],
      [protocol, type],
      url,
    );
  }
});

Deno.test("decodeProxyService serves datagrams where GOST would", () => {
  assertEquals(proxyOf({ L: ["socks5://:1"] }).udp, false);
  assertEquals(proxyOf({ L: ["socks5://:1?udp=true"] }).udp, true);
  assertEquals(proxyOf({ L: ["relay://:1"] }).udp, true);
  assertEquals(proxyOf({ L: ["relay://:1?bind=true"] }).bind, true);
});

Deno.test("decodeProxyService says what SOCKS5 and HTTP do not do", () => {
  const handler = "services[0].handler.metadata";
  assertEquals(errorsOf({ L: ["http://:1?probeResist=code:404"] }), [
    `-L: "probeResist" is not supported yet (${handler}.probeResist)`,
  ]);
  assertEquals(warningsOf({ L: ["socks5://:1?bind=true&notls=true"] }), [
    `-L: "bind" has no effect (${handler}.bind)`,
  ]);
});

Deno.test("decodeProxyService listens for many streams on one carrier", () => {
  for (const type of ["tcp", "tls", "ws", "wss"]) {
    const { listener } = proxyOf({
      L: [`relay+m${type}://:1?mux.maxFrameSize=1000`],
    });
    assertEquals(listener.type, type);
    assertEquals(listener.mux?.maxFrameSize, 1000);
  }
});

Deno.test("decodeProxyService does at once what nodelay asks for, and says what it does not do", () => {
  assertEquals(
    warningsOf({
      L: ["relay+ws://:1?nodelay=true&bind=true&udpBufferSize=4096"],
    }),
    [],
  );
  assertEquals(
    warningsOf({ L: ["relay+ws://:1?mux.version=2&backlog=5"] }),
    [
      '-L: "backlog" has no effect (services[0].listener.metadata.backlog)',
      '-L: "mux.version" has no effect here (services[0].metadata.mux.version)',
    ],
  );
});

Deno.test("decodeProxyService sends its streams through a chain, and past a bypass", () => {
  const { route } = proxyOf({
    L: ["relay://:1?bypass=10.0.0.0/8"],
    F: ["socks5://h:1080"],
  });
  assertEquals(route.chain?.name, "chain-0");
  assertEquals(route.bypasses.map(({ name }) => name), ["bypass-0"]);
});
