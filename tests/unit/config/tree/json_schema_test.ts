import { assertEquals } from "@std/assert";
import { parse } from "yaml";
import { jsonSchema } from "../../../../src/config/tree/json_schema.ts";
import { NOTES } from "../../../../src/config/tree/notes.ts";
import { SHAPES } from "../../../../src/config/tree/gost.ts";
import { errorsOf } from "../../../support/config.ts";
import { violations } from "../../../support/json_schema.ts";

const violationsOf = (yaml: string): string[] =>
  violations(parse(yaml), jsonSchema());

Deno.test("docs/tungo.schema.json is what the schema in code makes (deno task schema)", () => {
  const file = Deno.readTextFileSync("docs/tungo.schema.json");
  assertEquals(JSON.parse(file), jsonSchema());
});

Deno.test("jsonSchema() allows whatever a configuration may be written as", () => {
  const rows = [
    "services:",
    "services: [{name: 1, addr: ':0', handler: {type: tungo, chain: c}}]",
    "services: [{metadata: {interface: [a, b], whatever: {a: [1]}}}]",
    "services: [{handler: {type: dns, metadata: {sniffing: 'true'}}}]",
    "services: [{handler: {metadata: {sniffing: 1}, retries: '2'}}]",
    "bypasses: [{name: b, matchers: 'a,b', reload: 30s, whitelist: true}]",
    "chains: [{hops: [{name: h, nodes: [{addr: 'a:1', dialer: {type: quic}}]}]}]",
    "chains: [{hops: [{selector: {strategy: rr, failTimeout: 10}}]}]",
    "log: {level: debug, rotation: {maxSize: 10}}",
  ];
  for (const row of rows) assertEquals([row, violationsOf(row)], [row, []]);
});

Deno.test("jsonSchema() tells keys that nobody knows and values of other kinds", () => {
  const rows = [
    ["service: []", ".service: unknown"],
    ["services: [{handler: {typ: a}}]", ".services[0].handler.typ: unknown"],
    ["services: {a: 1}", ".services: object is no array,null"],
    [
      "chains: [{hops: [{nodes: [{dialer: [1]}]}]}]",
      ".chains[0].hops[0].nodes[0].dialer: array is no object,null",
    ],
  ] as const;
  for (const [row, expected] of rows) {
    assertEquals(violationsOf(row), [expected]);
  }
});

Deno.test("NOTES are of keys that GOST's document has", () => {
  const unknown = Object.entries(NOTES).flatMap(([name, notes]) =>
    Object.keys(notes).filter((key) =>
      !(key in SHAPES[name as keyof typeof SHAPES])
    ).map((key) => `${name}.${key}`)
  );
  assertEquals(unknown, []);
});

/** A document with `metadata` at the object of that name. */
function fileWith(name: string, metadata: Record<string, unknown>): string {
  const at = (here: string): unknown => here === name ? metadata : undefined;
  const client = name === "connector" && "action" in metadata
    ? { connector: { type: "direct", metadata }, dialer: { type: "direct" } }
    : {
      connector: { type: connectorFor(metadata), metadata: at("connector") },
      dialer: { type: "mwss", metadata: at("dialer") },
    };
  const isDevice = ["net", "mtu", "route", "routes", "gw", "dns", "name"]
    .some((key) => key in metadata);
  const isFarEnd = name === "listener" && !isDevice ||
    name === "handler" &&
      ["readTimeout", "bind", "udp"].some((key) => key in metadata);
  return JSON.stringify({
    services: [{
      name: "s",
      addr: ":1",
      metadata: at("service"),
      handler: {
        type: isFarEnd ? "udp" in metadata ? "socks5" : "relay" : "tungo",
        chain: "c",
        metadata: at("handler"),
      },
      listener: {
        type: isFarEnd ? "mwss" : "tungo",
        metadata: at("listener"),
      },
    }],
    resolvers: [{ name: "r", nameservers: [{ addr: "1.1.1.1" }] }],
    chains: [{
      name: "c",
      hops: [{
        name: "h",
        metadata: at("hop"),
        nodes: [{ name: "n", addr: "a:1", metadata: at("node"), ...client }],
      }],
    }],
  });
}

function connectorFor(metadata: Record<string, unknown>): string {
  if ("relay" in metadata || "timeout" in metadata) return "socks5";
  return "header" in metadata ? "http" : "relay";
}

Deno.test("NOTES of metadata are of keys that tungo reads, with values that it takes", () => {
  const sample: Readonly<Record<string, unknown>> = {
    net: "10.0.0.1/24",
    route: "10.0.0.0/8",
    routes: "10.0.0.0/8",
    gw: "10.0.0.2",
    dns: "1.1.1.1",
    header: { a: "b" },
    interface: "eth0",
    "dns.answer": "r",
    "dns.fake": "",
  };
  for (const [name, notes] of Object.entries(NOTES)) {
    for (const [key, note] of Object.entries(notes["metadata"]?.keys ?? {})) {
      const values = note.values ??
        [
          note.fallback ?? sample[key] ??
            (/[tT]imeout|^ttl/.test(key) ? "5s" : "1"),
        ];
      for (const value of values) {
        const yaml = fileWith(name, { [key]: value });
        assertEquals([name, key, value, errorsOf({ yaml })], [
          name,
          key,
          value,
          [],
        ]);
      }
    }
  }
});
