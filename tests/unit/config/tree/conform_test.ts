import { assertEquals } from "@std/assert";
import { formatProblem, Problems } from "../../../../src/config/problems.ts";
import { conform } from "../../../../src/config/tree/conform.ts";
import { readDocument } from "../../../../src/config/tree/document.ts";
import { GOST } from "../../../../src/config/tree/gost.ts";
import { print } from "../../../../src/config/tree/print.ts";

function conformed(yaml: string): {
  document: unknown;
  errors: readonly string[];
} {
  const problems = new Problems();
  const document = readDocument("a.yaml", yaml, problems);
  const json = print(conform(document, GOST, problems), "json");
  return {
    document: JSON.parse(json),
    errors: problems.errors().map(formatProblem),
  };
}

Deno.test("conform knows keys in any case and puts them in GOST's order [H.1 key case]", () => {
  const { document } = conformed(`
LOG: {LEVEL: debug, output: none}
services: [{ADDR: ":0", Name: a}]
`);
  assertEquals(
    JSON.stringify(document),
    '{"services":[{"name":"a","addr":":0"}],"log":{"output":"none","level":"debug"}}',
  );
});

Deno.test("conform reads values as the kinds that GOST gives them [A.4]", () => {
  const { document, errors } = conformed(`
services:
  name: 0123
  bypasses: a, b
  handler: {retries: "2", type: tungo, tls: {secure: 1, options: {alpn: h2}}}
  recorders: {name: r}
chains: [{name: c, hops: [{name: h, selector: {failTimeout: 90}}]}]
bypasses: [{name: b, whitelist: T, matchers: [1, "a,b"]}]
`);
  assertEquals(errors, []);
  assertEquals(document, {
    services: [{
      name: "0123",
      bypasses: ["a", "b"],
      recorders: [{ name: "r", record: "" }],
      handler: {
        type: "tungo",
        retries: 2,
        tls: { secure: true, options: { alpn: ["h2"] } },
      },
    }],
    chains: [{
      name: "c",
      hops: [{
        name: "h",
        selector: { strategy: "", maxFails: 0, failTimeout: 90_000_000_000 },
      }],
    }],
    bypasses: [{ name: "b", whitelist: true, matchers: ["1", "a,b"] }],
  });
});

Deno.test("conform reads a plain text as an entry of a group of chains [A.4]", () => {
  const { document } = conformed(
    "services: [{handler: {chainGroup: {chains: [a, {chain: b}]}}}]",
  );
  assertEquals(document, {
    services: [{
      name: "",
      handler: {
        type: "",
        chainGroup: { chains: [{ chain: "a" }, { chain: "b" }] },
      },
    }],
  });
});

Deno.test("conform says what does not fit, and quotes nothing where a secret may stand", () => {
  const rows: [string, string][] = [
    [
      "servces: []",
      'a.yaml:1:1: Unknown key "servces": did you mean "services"?',
    ],
    [
      "log: {zzzzz: 1}",
      'a.yaml:1:7: Unknown key "zzzzz": the keys here are output, level, format, rotation (log)',
    ],
    [
      "services: [{handler: {auth: 'u:secret'}}]",
      "a.yaml:1:29: Cannot use a single value here: write a mapping of username, password, file (services[0].handler.auth)",
    ],
    [
      "services: [text]",
      "a.yaml:1:12: Cannot use a single value here: write a mapping of name, addr, interface, sockopts, admission, admissions, bypass, bypasses, resolver, hosts, limiter, quotas, climiter, rlimiter, logger, loggers, observer, rewriter, recorders, cache, handler, listener, forwarder, metadata, status (services[0])",
    ],
    [
      "log: []",
      "a.yaml:1:6: Cannot use a list here: write a mapping of output, level, format, rotation (log)",
    ],
    [
      "log: {level: {a: 1}}",
      "a.yaml:1:14: Cannot use a mapping here: write a text (log.level)",
    ],
    [
      "log: {level: [a, b]}",
      "a.yaml:1:14: Cannot use a list here: write a text (log.level)",
    ],
    [
      "services: [{handler: {retries: x}}]",
      'a.yaml:1:32: Cannot use "x" here: write a whole number (services[0].handler.retries)',
    ],
    [
      "bypasses: [{whitelist: yes}]",
      'a.yaml:1:24: Cannot use "yes" here: write true or false (bypasses[0].whitelist)',
    ],
    [
      "bypasses: [{reload: 5x}]",
      'a.yaml:1:21: Cannot use "5x" here: write a duration like 30s or 1m30s (bypasses[0].reload)',
    ],
    [
      "bypasses: [{matchers: [[a]]}]",
      "a.yaml:1:23: Cannot use a list here: write a list of texts (bypasses[0].matchers)",
    ],
    [
      "chains: [{hops: [{nodes: [{probe: {httpHeaders: {a: {}}}}]}]}]",
      "a.yaml:1:49: Cannot use a mapping here: write a mapping of texts (chains[0].hops[0].nodes[0].probe.httpHeaders)",
    ],
  ];
  for (const [yaml, error] of rows) {
    assertEquals(conformed(yaml).errors, [error]);
  }
});

Deno.test("conform takes null for what is not there", () => {
  assertEquals(conformed("services:\nlog:\ntls: {secure: , certFile: ~}"), {
    document: { services: [], tls: {} },
    errors: [],
  });
});
