import { assertEquals } from "@std/assert";
import {
  errorsOf,
  tungoOf,
  warningsOf,
  type Written,
} from "../../../support/config.ts";

/** A service with a hop and a node, each with more keys. */
function yaml(
  keys: { service?: string; hop?: string; node?: string },
  ...rest: string[]
): Written {
  return {
    yaml: `
services:
- {name: s, handler: {type: tungo, chain: c}, listener: {type: tungo}, ${
      keys.service ?? ""
    }}
chains:
- name: c
  hops:
  - name: h
    ${keys.hop ?? ""}
    nodes:
    - {name: n, addr: "relay.example:1", connector: {type: relay}, ${
      keys.node ?? ""
    }}
${rest.join("\n")}
`,
  };
}

const nodeOf = (written: Written) =>
  tungoOf(written).route.chain?.hops[0]?.nodes[0]?.names;

Deno.test("decodeNames gives a node what its hop has, each where it has none itself [B.6, B.7]", () => {
  const objects = [
    "hosts: [{name: a}, {name: b}]",
    "resolvers: [{name: r, nameservers: [{addr: 1.1.1.1}]}]",
  ];
  const hop = "hosts: a\n    resolver: r";
  const inherited = nodeOf(yaml({ hop }, ...objects));
  assertEquals(
    [inherited?.hosts?.name, inherited?.resolver?.name],
    ["a", "r"],
  );
  const own = nodeOf(yaml({ hop, node: "hosts: b" }, ...objects));
  assertEquals([own?.hosts?.name, own?.resolver?.name], ["b", "r"]);
  const service = yaml({ service: "hosts: a" }, ...objects);
  assertEquals(nodeOf(service)?.hosts, undefined);
  assertEquals(tungoOf(service).route.names.hosts?.name, "a");
});

Deno.test("decodeHosts reads mappings with aliases, in lower case [B.10, H.2 hosts aliases]", () => {
  const service = tungoOf(
    yaml(
      { service: "hosts: a" },
      "hosts:",
      "- name: a",
      "  mappings:",
      "  - {ip: 192.0.2.1, hostname: WWW.Example, aliases: [.Sub.Example, .]}",
      "  - {ip: '[2001:DB8:0::1]', hostname: www.example}",
    ),
  );
  const mappings = service.route.names.hosts?.mappings ?? [];
  assertEquals(
    mappings.map(({ address, names, at }) => [address, names, at.line]),
    [
      ["192.0.2.1", ["www.example", ".sub.example", "."], 14],
      ["2001:db8::1", ["www.example"], 15],
    ],
  );
});

Deno.test("decodeHosts says which mapping is wrong", () => {
  const hosts = (mapping: string) =>
    errorsOf(
      yaml(
        { service: "hosts: a" },
        `hosts: [{name: a, mappings: [${mapping}]}]`,
      ),
    );
  assertEquals(hosts("{ip: x, hostname: a}"), [
    'a.yaml:11:35: Cannot use "x" as an address: write one like 192.0.2.1 (hosts[0].mappings[0].ip)',
  ]);
  assertEquals(hosts("{ip: 192.0.2.1, hostname: '*.a'}"), [
    'a.yaml:11:56: Cannot use "*.a" as a name: write one like example.com, or .example.com for all below it too (hosts[0].mappings[0].hostname)',
  ]);
});

function nameserver(keys: string) {
  const written = yaml(
    { service: "resolver: r" },
    `resolvers: [{name: r, nameservers: [{${keys}}]}]`,
  );
  return tungoOf(written).route.names.resolver?.nameservers[0];
}

Deno.test("decodeResolver reads the address of a nameserver, with its port or without [B.9]", () => {
  const rows = [
    ["1.1.1.1", "udp", "1.1.1.1", 53],
    ["udp://1.1.1.1:5353", "udp", "1.1.1.1", 5353],
    ["TCP://[2001:db8::53]:54", "tcp", "2001:db8::53", 54],
    ["tcp://[2001:db8::53]", "tcp", "2001:db8::53", 53],
    ["2001:db8::53", "udp", "2001:db8::53", 53],
    ["dns.example", "udp", "dns.example", 53],
    ["tls://1.1.1.1", "tls", "1.1.1.1", 853],
    ["dot://dns.example:8853", "tls", "dns.example", 8853],
    ["https://dns.example/dns-query", "https", "dns.example", 443],
    ["https://[2001:db8::53]:8443/q", "https", "2001:db8::53", 8443],
  ] as const;
  for (const [addr, protocol, host, port] of rows) {
    const given = nameserver(`addr: "${addr}"`);
    assertEquals(
      [given?.protocol, given?.host, given?.port],
      [protocol, host, port],
    );
  }
});

Deno.test("decodeResolver reads what else a nameserver has, with GOST's defaults [B.9]", () => {
  const { at: _, ...plain } = nameserver("addr: 1.1.1.1") ?? {};
  assertEquals(plain, {
    protocol: "udp",
    host: "1.1.1.1",
    port: 53,
    path: "",
    tls: undefined,
    chain: undefined,
    families: ["ipv4", "ipv6"],
    domains: [],
    clientIp: undefined,
    ttl: undefined,
    timeout: 5000,
    async: false,
  });
  const full = nameserver(
    "addr: 1.1.1.1, chain: c, prefer: IPv6, clientIP: 192.0.2.7, ttl: 30s, timeout: 2s, async: true",
  );
  assertEquals(full?.chain?.name, "c");
  assertEquals(full?.families, ["ipv6", "ipv4"]);
  assertEquals(full?.clientIp, Uint8Array.of(192, 0, 2, 7));
  assertEquals([full?.ttl, full?.timeout, full?.async], [30_000, 2000, true]);
  for (const only of ["ipv6", "ip6"]) {
    const given = nameserver(`addr: 1.1.1.1, only: ${only}`);
    assertEquals(given?.families, ["ipv6"]);
  }
  assertEquals(nameserver("addr: 1.1.1.1, ttl: -1s")?.ttl, 0);
});

Deno.test("decodeResolver reads the path of HTTPS, with a template's variable or without any [RFC 8484 §4.1]", () => {
  const rows: [string, string | undefined][] = [
    ["https://a/q{?dns}", "/q"],
    ["https://a/q?x=1", "/q?x=1"],
    ["https://a", "/dns-query"],
    ["https://a/", "/dns-query"],
  ];
  for (const [addr, path] of rows) {
    assertEquals(nameserver(`addr: "${addr}"`)?.path, path, addr);
  }
});

Deno.test("decodeResolver verifies HTTPS always, and TLS by hostname or caFile, and says where it does not", () => {
  const rows: [string, string, string][] = [
    ["addr: 'tls://a'", "none", "a"],
    ["addr: 'tls://1.1.1.1', hostname: b", "full", "b"],
    ["addr: 'tls://a', caFile: ca.pem", "chain", "a"],
    ["addr: 'https://a'", "full", "a"],
    ["addr: 'https://1.1.1.1', hostname: b", "full", "b"],
  ];
  for (const [keys, verify, serverName] of rows) {
    const { tls } = nameserver(keys) ?? {};
    assertEquals([tls?.verify, tls?.serverName], [verify, serverName], keys);
  }
  const written = yaml(
    { service: "resolver: r" },
    "resolvers: [{name: r, nameservers: [{addr: 'tls://a'}]}]",
  );
  assertEquals(
    warningsOf(written).filter((warning) => warning.includes("nameservers")),
    [
      'a.yaml:11:44: Does not verify the certificate of "a": give its hostname (resolvers[0].nameservers[0].addr)',
    ],
  );
});

Deno.test("decodeResolver says what has no effect on a nameserver", () => {
  const written = yaml(
    { service: "resolver: r" },
    "resolvers: [{name: r, nameservers: [{addr: a, hostname: b}]}]",
  );
  assertEquals(
    warningsOf(written).filter((warning) => warning.includes("nameservers")),
    [
      'a.yaml:11:57: "hostname" has no effect (resolvers[0].nameservers[0].hostname)',
    ],
  );
});

Deno.test("decodeResolver says what is wrong with a nameserver", () => {
  const rows: [string, string][] = [
    ["addr: foo://1.1.1.1", 'ask the nameserver "foo://1.1.1.1" as its scheme'],
    ["addr: ''", 'ask the nameserver "" as it must be an address or a name'],
    ["addr: 'a:b:c'", 'ask the nameserver "a:b:c" as it must be an address'],
    ["addr: 'https://a/ä'", 'ask the nameserver "https://a/ä" as it must be'],
    ["addr: 'udp://a/q'", 'ask the nameserver "udp://a/q" as it must be'],
    ["addr: a, prefer: ipv5", 'use "ipv5" for prefer as it must be ipv4 or'],
    ["addr: a, clientIP: me", 'use "me" for clientIP as it must be an address'],
    ["addr: a, chain: d", 'Unknown chain "d"'],
  ];
  for (const [keys, expected] of rows) {
    const errors = errorsOf(
      yaml(
        { service: "resolver: r" },
        `resolvers: [{name: r, nameservers: [{${keys}}]}]`,
      ),
    );
    assertEquals(
      [errors.length, errors[0]?.includes(expected)],
      [1, true],
      keys,
    );
  }
});

Deno.test("decodeResolver refuses a resolver without nameservers, and one that its own questions need", () => {
  assertEquals(
    errorsOf(yaml({ service: "resolver: r" }, "resolvers: [{name: r}]")),
    [
      "a.yaml:11:13: Cannot use a resolver without nameservers: name one (resolvers[0])",
    ],
  );
  const loop = yaml(
    { node: "resolver: r" },
    "resolvers: [{name: r, nameservers: [{addr: 1.1.1.1, chain: c}]}]",
  );
  assertEquals(errorsOf(loop), [
    'a.yaml:10:78: Cannot ask the resolver "r" for this: its questions go through this very chain (chains[0].hops[0].nodes[0].resolver)',
  ]);
});
