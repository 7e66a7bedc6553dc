import { assertEquals } from "@std/assert";
import {
  configOf,
  errorsOf,
  read,
  warningsOf,
} from "../../../support/config.ts";

Deno.test("decodeServices leaves out services of types that tungo does not have [H.2]", () => {
  const written = {
    L: ["tungo://:0", "sni://:1080", "relay+quic://:1", "relay+tungo://:2"],
  };
  assertEquals(configOf(written).services.map(({ name }) => name), [
    "service-0",
  ]);
  assertEquals(warningsOf(written), [
    '-L #2: Leaves out the service "service-1" as its handler "sni" with the listener "tcp" is not supported yet (services[1])',
    '-L #3: Leaves out the service "service-2" as its handler "relay" with the listener "quic" is not supported yet (services[2])',
    '-L #4: Leaves out the service "service-3" as its handler "relay" with the listener "tungo" is not supported yet (services[3])',
  ]);
});

Deno.test("decodeServices refuses to run none", () => {
  assertEquals(errorsOf({ L: ["dns://:53"] }), [
    "-L: Cannot run any of the services: use the handler tungo, relay, socks5, socks4, http or auto",
  ]);
  assertEquals(errorsOf({}), [
    "-L: Cannot find a service: name one with -L tungo://:0 or in a file",
  ]);
  assertEquals(errorsOf({ yaml: "log: {level: info}" }), [
    "a.yaml:1:1: Cannot find a service: name one with -L tungo://:0 or in a file",
  ]);
});

Deno.test("decodeServices gives a service without a name the next free one [A.4, H.2 nameless service, K27]", () => {
  const written = {
    yaml: `
services:
- handler: {type: relay}
  addr: :1
- name: service-0
  addr: :2
  handler: {type: relay}
- name: ""
  addr: :3
  handler: {type: relay}
`,
  };
  const names = configOf(written).services.map(({ name }) => name);
  assertEquals(names, ["service-1", "service-0", "service-2"]);
  assertEquals(warningsOf(written), [
    'a.yaml:3:3: A service without a name is called "service-1" (services[0])',
    'a.yaml:8:3: A service without a name is called "service-2" (services[2])',
  ]);
});

Deno.test("decodeServices tells a misspelled type from one that is missing [H.2 unknown]", () => {
  const rows: [string, string[]][] = [
    ["tugno://:0", [
      '-L: Unknown handler "tugno": did you mean "tungo"? (services[0].handler.type)',
    ]],
    ["tungo+foobar://:0", [
      '-L: Unknown listener "foobar": use tungo, or another handler with tcp, tls, ws, wss, mtcp, mtls, mws, mwss (services[0].listener.type)',
    ]],
    ["relay+wsss://:1", [
      '-L: Unknown listener "wsss": did you mean "wss"? (services[0].listener.type)',
    ]],
    ["tungo+tcp://:0", [
      '-L: Cannot use the listener "tcp" as the handler tungo needs the listener tungo (services[0].listener.type)',
    ]],
  ];
  for (const [url, errors] of rows) {
    assertEquals(errorsOf({ L: [url] }), errors);
  }
});

Deno.test("decodeServices reads types in any case", () => {
  const [service] = configOf({ L: ["TunGo://:0"] }).services;
  assertEquals(service?.type, "tungo");
});

Deno.test("decodeServices refuses two services with one device", () => {
  assertEquals(errorsOf({ L: ["tungo://:0", "tungo://:0"] }), [
    '-L #2: Cannot use the device "tungo" for "service-1" as "service-0" has it',
  ]);
  assertEquals(errorsOf({ L: ["tungo://:0", "tungo://:0?name=t1"] }), []);
});

Deno.test("decodeServices complains of everything at once, in the order of the file", () => {
  const { config, errors } = read({
    yaml: `
services:
- name: a
  adr: :0
  handler: {type: tungo, chain: c, metadata: {udpTimeout: x}}
  listener: {type: tungo, metadata: {mtu: 1, net: y}}
chains:
- name: c
  hops:
  - name: h
    bypass: none
    nodes:
    - {name: n, addr: h, connector: {type: ssh}, dialer: {type: kcp}}
`,
  });
  assertEquals(config, undefined);
  assertEquals(errors.map(({ at }) => [at.line, at.column]), [
    [4, 3],
    [5, 59],
    [6, 43],
    [6, 51],
    [11, 13],
    [13, 23],
    [13, 44],
    [13, 65],
  ]);
});
