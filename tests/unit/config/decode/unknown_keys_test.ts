import { assertEquals, assertNotEquals } from "@std/assert";
import { errorsOf, read, warningsOf } from "../../../support/config.ts";
import { print } from "../../../../src/config/tree/print.ts";

const LONG = {
  L: [
    "tungo://:0?name=t&net=10.0.0.1/8&udpTimeout=5s&interface=eth0&bypass=x&retries=1&limiter.in=1MB",
  ],
  F: ["relay+wss://u:p@h:1?path=/x&nodelay=true&node.weight=2&secure=true"],
};

Deno.test("reportUnknown says nothing of the copies that the command line leaves [I.1]", () => {
  const harmless = '-L: "limiter" has no effect (services[0].limiter)';
  assertEquals(errorsOf(LONG), []);
  assertEquals(warningsOf(LONG), [harmless]);
});

Deno.test("reportUnknown says nothing of them in what -O printed, by tungo or by GOST", () => {
  const ours = print(read(LONG).document, "yaml");
  // GOST leaves some of -F's parameters in the hop's metadata as well.
  const theirs = ours.replace(
    /^ {8}metadata:\n {10}nodelay/m,
    `        metadata:\n          auth: dTpw\n          secure: "true"\n          nodelay`,
  );
  assertNotEquals(theirs, ours);
  for (const yaml of [ours, theirs]) {
    assertEquals(errorsOf({ yaml }), []);
    assertEquals(warningsOf({ yaml }).length, 1);
  }
});

Deno.test("reportUnknown tells where a key belongs", () => {
  assertEquals(
    warningsOf({
      yaml: `
services:
- name: a
  addr: :1
  handler: {type: relay, metadata: {path: /x, bypass: b}}
  listener: {type: ws, metadata: {readTimeout: 5s}}
  metadata: {retries: 2, prefer: ipv6}
`,
    }),
    [
      'a.yaml:5:43: "path" has no effect here: it belongs to services[0].listener.metadata (services[0].handler.metadata.path)',
      'a.yaml:5:55: "bypass" has no effect here: it belongs to services[0].bypass (services[0].handler.metadata.bypass)',
      'a.yaml:6:48: "readTimeout" has no effect here: it belongs to services[0].handler.metadata (services[0].listener.metadata.readTimeout)',
      'a.yaml:7:23: "retries" has no effect here: it belongs to services[0].handler.retries (services[0].metadata.retries)',
      'a.yaml:7:34: "prefer" has no effect here: it belongs to services[0].resolver (services[0].metadata.prefer)',
    ],
  );
});

Deno.test("reportUnknown warns of keys that GOST has elsewhere, and refuses those that nobody has [H.2 unknown]", () => {
  assertEquals(warningsOf({ L: ["tungo://:0?path=/x&knock=a"] }), [
    '-L: "path" has no effect here (services[0].metadata.path)',
    '-L: "knock" has no effect here (services[0].metadata.knock)',
  ]);
  const rows: [string, string][] = [
    [
      "snifing=true",
      '-L: Unknown key "snifing": did you mean "sniffing"? (services[0].metadata)',
    ],
    [
      "bypas=a",
      '-L: Unknown key "bypas": did you mean "bypass"? (services[0].metadata)',
    ],
    [
      "zzz=1",
      '-L: Unknown key "zzz": no key has a name like it (services[0].metadata)',
    ],
    [
      "handler.udptimeot=1",
      '-L: Unknown key "udptimeot": did you mean "udpTimeout"? (services[0].handler.metadata)',
    ],
  ];
  for (const [query, error] of rows) {
    assertEquals(errorsOf({ L: [`tungo://:0?${query}`] }), [error], query);
  }
});

Deno.test("reportUnknown looks at hops, nodes, connectors and dialers together", () => {
  assertEquals(
    errorsOf({
      L: ["tungo://:0"],
      F: ["relay+ws://h:1?pth=/x&hop.interfac=e"],
    }),
    [
      '-F: Unknown key "pth": did you mean "path"? (chains[0].hops[0].metadata)',
      '-F: Unknown key "interfac": did you mean "interface"? (chains[0].hops[0].metadata)',
    ],
  );
  assertEquals(
    warningsOf({ L: ["tungo://:0"], F: ["relay://h:1?notls=true"] }),
    ['-F: "notls" has no effect here (chains[0].hops[0].metadata.notls)'],
  );
});
