import { assertEquals } from "@std/assert";
import type { ClientTlsConfig } from "../../../../src/config/hop_schema.ts";
import { errorsOf, tungoOf, warningsOf } from "../../../support/config.ts";

function written(query: string): { L: string[]; F: string[] } {
  return { L: ["tungo://:0"], F: [`relay+tls://h.example:443?${query}`] };
}

function file(tls: string): { readonly yaml: string } {
  return {
    yaml: `
services:
- {name: a, handler: {type: tungo, chain: c}, listener: {type: tungo}}
chains:
- name: c
  hops:
  - name: h
    nodes:
    - name: n
      addr: "[2001:db8::1]:443"
      connector: {type: relay}
      dialer: {type: tls, tls: ${tls}}
`,
  };
}

function tlsOf(
  source: Parameters<typeof tungoOf>[0],
): ClientTlsConfig | undefined {
  const node = tungoOf(source).route.chain?.hops[0]?.nodes[0];
  return node?.type === "proxy" && node.transport.type === "tls"
    ? node.transport.tls
    : undefined;
}

Deno.test("decodeClientTls verifies what secure and caFile ask for [relay-wire 5, H.1 TLS verification]", () => {
  const rows: [string, ClientTlsConfig["verify"], string | undefined][] = [
    ["", "none", undefined],
    ["secure=false", "none", undefined],
    ["caFile=ca.pem", "chain", "ca.pem"],
    ["secure=true", "full", undefined],
    ["secure=true&caFile=ca.pem", "full", "ca.pem"],
  ];
  for (const [query, verify, caFile] of rows) {
    const tls = tlsOf(written(query));
    assertEquals([tls?.verify, tls?.caFile], [verify, caFile], query);
  }
});

Deno.test("decodeClientTls warns once of each node that it does not verify [H.2 unverified TLS]", () => {
  assertEquals(warningsOf(written("")), [
    '-F: Does not verify the certificate of "h.example" as secure is not true (chains[0].hops[0].nodes[0].dialer.tls)',
  ]);
  assertEquals(warningsOf(written("caFile=ca.pem")), []);
  assertEquals(warningsOf(written("secure=true")), []);
});

Deno.test("decodeClientTls takes the node's host for a name", () => {
  assertEquals(tlsOf(written(""))?.serverName, "h.example");
  assertEquals(tlsOf(written("serverName=x"))?.serverName, "x");
  assertEquals(tlsOf(file("{}"))?.serverName, "2001:db8::1");
  assertEquals(tlsOf(file(""))?.serverName, "2001:db8::1");
});

Deno.test("decodeClientTls reads certificates and options", () => {
  const tls = tlsOf(
    file(
      "{certFile: c, keyFile: k, options: {minVersion: VersionTLS12, maxVersion: VersionTLS13, alpn: [h2, http/1.1]}}",
    ),
  );
  assertEquals(tls?.certificate, { certFile: "c", keyFile: "k" });
  assertEquals(tls?.alpn, ["h2", "http/1.1"]);
  assertEquals([tls?.minVersion, tls?.maxVersion], ["TLSv1.2", "TLSv1.3"]);
});

Deno.test("decodeClientTls refuses what makes no sense", () => {
  const tls = "chains[0].hops[0].nodes[0].dialer.tls";
  const rows: [string, string][] = [
    [
      "{certFile: c}",
      `a.yaml:12:32: Cannot use a certificate without both its files: keyFile is missing (${tls})`,
    ],
    [
      "{keyFile: c}",
      `a.yaml:12:32: Cannot use a certificate without both its files: certFile is missing (${tls})`,
    ],
    [
      "{options: {minVersion: TLS1.2}}",
      `a.yaml:12:55: Cannot use "TLS1.2" for minVersion as it must be one of VersionTLS10, VersionTLS11, VersionTLS12, VersionTLS13 (${tls}.options.minVersion)`,
    ],
    [
      "{options: {minVersion: VersionTLS13, maxVersion: VersionTLS12}}",
      `a.yaml:12:81: Cannot use a maxVersion below minVersion: no version would be left (${tls}.options.maxVersion)`,
    ],
  ];
  for (const [given, error] of rows) {
    assertEquals(errorsOf(file(given)), [error]);
  }
});

Deno.test("decodeClientTls warns of cipher suites and of what servers have", () => {
  const tls = "chains[0].hops[0].nodes[0].dialer.tls";
  assertEquals(
    warningsOf(
      file("{secure: true, validity: 1h, options: {cipherSuites: [x]}}"),
    ),
    [
      `a.yaml:12:57: "validity" has no effect (${tls}.validity)`,
      `a.yaml:12:85: "cipherSuites" has no effect (${tls}.options.cipherSuites)`,
    ],
  );
});
