import { assertEquals } from "@std/assert";
import { errorsOf, tungoOf, warningsOf } from "../../../support/config.ts";

Deno.test("decodeTungoService fills in every default [C.2, C.3, H.1 defaults, K17]", () => {
  const at = { file: "-L", line: 0, column: 0 };
  assertEquals(tungoOf({ L: ["tungo://:0"] }), {
    type: "tungo",
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
    hooks: { preUp: [], postUp: [], preDown: [], postDown: [] },
    onReload: "end",
    device: {
      at,
      name: "tungo",
      mtu: 1420,
      addresses: [],
      peer: undefined,
      gateway: undefined,
      routes: [],
      dns: [],
    },
    dns: undefined,
    sniffing: { tcp: false, udp: false, timeout: 300, fallback: false },
    handshake: "auto",
    icmp: "gateway",
    udpTimeout: 30_000,
    udpBufferSize: 65_535,
    ipv6: false,
  });
});

Deno.test("decodeTungoService reads the handler's metadata by any of its names [C.3, H.1 aliases]", () => {
  const service = tungoOf({
    yaml: `
services:
- name: a
  handler:
    type: tungo
    retries: 2
    metadata:
      tungo.udpTimeout: 5
      UDP.bufferSize: 9000
      sniffing: 1
      sniffing.timeout: 1s
      sniffing.fallback: true
      ipv6: true
      handshake: eager
      icmp: all
  listener: {type: tungo}
  metadata: {dialTimeout: 7s}
`,
  });
  assertEquals(service.udpTimeout, 5_000);
  assertEquals(service.udpBufferSize, 9_000);
  assertEquals(service.sniffing, {
    tcp: true,
    udp: true,
    timeout: 1_000,
    fallback: true,
  });
  assertEquals(service.ipv6, true);
  assertEquals(service.handshake, "eager");
  assertEquals(service.icmp, "all");
  assertEquals(service.route.retries, 2);
  assertEquals(service.route.dialTimeout, 7_000);
});

Deno.test("decodeTungoService takes the first key that is there, even if it is empty [A.7, I.2]", () => {
  const { udpTimeout } = tungoOf({
    yaml: `
services:
- name: a
  handler: {type: tungo, metadata: {udpTimeout: "", tungo.udpTimeout: 5s}}
  listener: {type: tungo}
`,
  });
  assertEquals(udpTimeout, 30_000);
});

Deno.test("decodeTungoService lets sniffing.udp gate UDP where it is given [H.2 sniffing.udp]", () => {
  const rows: [string, boolean, boolean][] = [
    ["sniffing=true", true, true],
    ["sniffing=true&sniffing.udp=false", true, false],
    ["sniffing.udp=true", false, true],
    ["sniffing=0", false, false],
  ];
  for (const [query, tcp, udp] of rows) {
    const { sniffing } = tungoOf({ L: [`tungo://:0?${query}`] });
    assertEquals([sniffing.tcp, sniffing.udp], [tcp, udp], query);
  }
});

Deno.test("decodeTungoService reads what GOST ignores: lists, numbers of JSON, text for lists [H.2 lists, H.2 JSON numbers, K18]", () => {
  const service = tungoOf({
    yaml: `{"services": [{
      "name": "a",
      "handler": {"type": "tungo", "metadata": {"udpTimeout": 2.5}},
      "listener": {"type": "tungo", "metadata": {
        "mtu": 1300.0,
        "net": ["10.0.0.1/8", "fd00::1/64"],
        "routes": "10.0.0.0/8,11.0.0.0/8"
      }},
      "metadata": {"postUp": "a; b"}
    }]}`,
  });
  assertEquals(service.udpTimeout, 2_500);
  assertEquals(service.device.mtu, 1_300);
  assertEquals(service.device.addresses.length, 2);
  assertEquals(service.device.routes.length, 2);
  assertEquals(service.hooks.postUp.map(({ words }) => words), [["a"], ["b"]]);
});

Deno.test("decodeTungoService ignores the chain where it is told to [B.4]", () => {
  const urls = { F: ["relay://h:1"] };
  const used = tungoOf({ L: ["tungo://:0"], ...urls }).route.chain;
  const ignored = tungoOf({ L: ["tungo://:0?ignoreChain=true"], ...urls });
  assertEquals(used?.name, "chain-0");
  assertEquals(ignored.route.chain, undefined);
});

Deno.test("decodeTungoService complains of values that GOST takes for zero [H.2 unknown]", () => {
  const rows: [string, string][] = [
    [
      "udpTimeout=abc",
      '-L: Cannot use "abc" for udpTimeout as it takes 30s, 1m30s or a number of seconds (services[0].handler.metadata.udpTimeout)',
    ],
    [
      "sniffing=yes",
      '-L: Cannot use "yes" for sniffing as it takes true or false (services[0].handler.metadata.sniffing)',
    ],
    [
      "sniffing",
      '-L: Cannot read "sniffing" without a value: write true (services[0].handler.metadata.sniffing)',
    ],
    [
      "udpBufferSize=70000",
      '-L: Cannot use "70000" for udpBufferSize as it must be 1 to 65535 (services[0].handler.metadata.udpBufferSize)',
    ],
    [
      "handshake=lazy",
      '-L: Cannot use "lazy" for handshake as it takes auto, truthful, eager (services[0].handler.metadata.handshake)',
    ],
    [
      "dialTimeout=600h",
      '-L: Cannot use "600h" for dialTimeout as it must be at most 596h (services[0].metadata.dialTimeout)',
    ],
    [
      "multicastGroups=224.0.0.1",
      '-L: "multicastGroups" is not supported yet (services[0].handler.metadata.multicastGroups)',
    ],
    [
      "netns=x",
      '-L: "netns" is not supported yet (services[0].metadata.netns)',
    ],
  ];
  for (const [query, error] of rows) {
    assertEquals(errorsOf({ L: [`tungo://:0?${query}`] }), [error], query);
  }
});

Deno.test("decodeTungoService refuses less than no retries", () => {
  const yaml =
    "services: [{name: a, handler: {type: tungo, retries: -1}, listener: {type: tungo}}]";
  assertEquals(errorsOf({ yaml }), [
    "a.yaml:1:54: Cannot use -1 retries as it must be >= 0 (services[0].handler.retries)",
  ]);
});

Deno.test("decodeTungoService warns once of each thing that has no effect [H.2]", () => {
  const rows: [string, string[]][] = [
    ["tungo://u:p@:0", ['-L: "auth" has no effect (services[0].handler.auth)']],
    ["tungo://:0?cert=c&key=k", [
      '-L: "tls" has no effect (services[0].listener.tls)',
    ]],
    ["tungo://:0?tcpSendBufferSize=1&sniffing.responseTimeout=1s", [
      '-L: "sniffing.responseTimeout" has no effect (services[0].handler.metadata.sniffing.responseTimeout)',
      '-L: "tcpSendBufferSize" has no effect (services[0].handler.metadata.tcpSendBufferSize)',
    ]],
    ["tungo://:0?enableStats=true&enableStats=false", [
      "-L: Only the first of several enableStats= counts, a list has commas",
      '-L: "enableStats" has no effect (services[0].metadata.enableStats)',
    ]],
    ["tungo://:0?limiter.in=1MB&climiter=3", [
      '-L: "limiter" has no effect (services[0].limiter)',
      '-L: "climiter" has no effect (services[0].climiter)',
    ]],
    ["tungo://:0?admission=a&proxyProtocol=1", [
      '-L: "admission" has no effect (services[0].admission)',
      '-L: "proxyProtocol" has no effect (services[0].metadata.proxyProtocol)',
    ]],
    ["tungo://:0?enableStats=false&guid=&multicastGroups=", []],
  ];
  for (const [url, warnings] of rows) {
    assertEquals(warningsOf({ L: [url] }).toSorted(), warnings.toSorted(), url);
    assertEquals(errorsOf({ L: [url] }), [], url);
  }
});
