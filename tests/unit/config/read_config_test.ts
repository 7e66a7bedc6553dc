import { assert, assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import fc from "fast-check";
import { goFlags } from "../../../src/config/command/flags.ts";
import { FLAGS } from "../../../src/config/command/options.ts";
import { formatAddress, formatPrefix } from "../../../src/wire/address.ts";
import { readConfig } from "../../../src/config/read_config.ts";
import { print } from "../../../src/config/tree/print.ts";
import {
  configOf,
  errorsOf,
  read,
  tungoOf,
  warningsOf,
  type Written,
} from "../../support/config.ts";
import { linuxHooks, plainFile, sniffingFile } from "../../support/tutorial.ts";

const PLAIN_YAML = plainFile("SERVER_IP", linuxHooks("192.168.1.1"));
const SNIFFING_YAML = sniffingFile("SERVER_IP");

const URL = "tungo://:0?name=tungo&net=192.168.123.1/24&mtu=1420&dns=1.1.1.1";

Deno.test("readConfig reads the tutorial's plain set-up from the command line and from YAML", () => {
  const command = {
    L: [URL],
    F: ["relay+wss://SERVER_IP:443?interface=eth0"],
  };
  for (const written of [command, { yaml: PLAIN_YAML }]) {
    const { device, route, udpTimeout, hooks } = tungoOf(written);
    assertEquals(device.name, "tungo");
    assertEquals(device.mtu, 1_420);
    assertEquals(device.addresses.map(formatPrefix), ["192.168.123.1/24"]);
    assertEquals(device.dns.map((dns) => formatAddress(dns)), ["1.1.1.1"]);
    assertEquals(udpTimeout, 30_000);
    assertEquals(hooks.postUp.length, written === command ? 0 : 3);
    const hop = route.chain?.hops[0];
    const [node] = hop?.nodes ?? [];
    assert(node?.type === "proxy");
    assertEquals(node.host, "SERVER_IP");
    assertEquals(node.connector.type, "relay");
    assertEquals(node.transport.type, "wss");
    assertEquals(node.egress.interfaces, [{ name: "eth0", strict: false }]);
    // The one thing to say is that nobody checks the relay's certificate.
    assertEquals(warningsOf(written).length, 1);
  }
});

Deno.test("readConfig reads the tutorial's sniffing set-up from the command line and from YAML", () => {
  const command = {
    L: [`${URL}&interface=eth0&sniffing=true`],
    F: ["relay+wss://SERVER_IP:443?interface=eth0&bypass=example.com"],
  };
  for (const written of [command, { yaml: SNIFFING_YAML }]) {
    const { route, sniffing } = tungoOf(written);
    const [hop] = route.chain?.hops ?? [];
    assertEquals(sniffing.tcp && sniffing.udp, true);
    assertEquals(sniffing.fallback, written !== command);
    assertEquals(route.egress.interfaces, [{ name: "eth0", strict: false }]);
    assertEquals(route.bypasses, []);
    assertEquals(
      hop?.bypasses.map(({ matchers }) => matchers.map(({ text }) => text)),
      [["example.com"]],
    );
    assertEquals(warningsOf(written).length, 1);
  }
});

Deno.test("readConfig reads the tutorial's routes", () => {
  const { device } = tungoOf({
    L: [
      "tungo://:0?name=tungo&net=192.168.123.1/24&mtu=1420&route=1.0.0.0/8,2.0.0.0/8",
    ],
    F: ["relay+wss://SERVER_IP:443?interface=eth0"],
  });
  assertEquals(
    device.routes.map(({ destination }) => formatPrefix(destination)),
    ["1.0.0.0/8", "2.0.0.0/8"],
  );
});

Deno.test("readConfig takes what parseArgs makes of a command line [A.1]", () => {
  const args = goFlags(["-L", "tungo://:0", "-F=relay://h:1", "-DD"], FLAGS);
  assert(!(args instanceof Error));
  const { config } = readConfig({
    command: parseArgs(args, FLAGS),
    files: [],
    environment: {},
    patternProblem: () => undefined,
  });
  assertEquals(config?.services[0]?.route.chain?.hops.length, 1);
  assertEquals(config?.log.level, "trace");
});

Deno.test("readConfig merges files in their order and the command line on top [I.1.6]", () => {
  const result = readConfig({
    command: { L: ["relay://:3"], F: [], D: false, DD: false },
    files: [
      {
        name: "a.yaml",
        text:
          "services: [{name: a, addr: ':1', handler: {type: relay}}]\nlog: {level: error, output: none}",
      },
      {
        name: "b.json",
        text:
          '{"services": [{"name": "b", "addr": ":2", "handler": {"type": "relay"}}], "log": {"level": "warn"}}',
      },
    ],
    environment: {},
    patternProblem: () => undefined,
  });
  assertEquals(result.config?.services.map(({ name, at }) => [name, at.file]), [
    ["a", "a.yaml"],
    ["b", "b.json"],
    ["service-0", "-L"],
  ]);
  assertEquals(result.config?.log.level, "warn");
  assertEquals(result.config?.log.output.type, "stderr");
});

Deno.test("readConfig complains of a file that it cannot read, and of nothing that follows from it", () => {
  assertEquals(errorsOf({ yaml: "services: [" }), [
    "a.yaml:1:12: Cannot read this as YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
  ]);
});

Deno.test("readConfig makes GOST's document of -api and -metrics [I.1.7]", () => {
  const { document } = read({
    api: "u:p@:18080?pathPrefix=/api&accesslog=true",
    metrics: "u@:9000?path=/m",
  });
  assertEquals(JSON.parse(print(document, "json")), {
    services: [],
    api: {
      addr: ":18080",
      pathPrefix: "/api",
      accesslog: true,
      auth: { username: "u", password: "p" },
    },
    metrics: { addr: ":9000", path: "/m", auth: { username: "u" } },
  });
});

Deno.test("readConfig lets variables replace addresses, and options replace the whole [A.3]", () => {
  const documentOf = (written: Written): unknown => {
    const { services: _, ...rest } = JSON.parse(
      print(read(written).document, "json"),
    );
    return rest;
  };
  const yaml = "api: {addr: ':1', pathPrefix: /a}";
  const environment = {
    GOST_API: ":2",
    GOST_METRICS: ":3",
    GOST_PROFILING: ":4",
  };
  assertEquals(documentOf({ yaml, environment }), {
    profiling: { addr: ":4" },
    api: { addr: ":2", pathPrefix: "/a" },
    metrics: { addr: ":3" },
  });
  assertEquals(
    documentOf({ yaml, environment: { GOST_API: ":2" }, api: ":5" }),
    {
      api: { addr: ":5" },
    },
  );
});

Deno.test("readConfig warns of what operators do not get yet", () => {
  assertEquals(
    warningsOf({
      L: ["relay://:1"],
      api: ":1",
      R: "30s",
      environment: { GOST_PROFILING: ":2" },
    }),
    [
      '-api: "api" has no effect (api)',
      'GOST_PROFILING: "profiling" has no effect (profiling)',
    ],
  );
  assertEquals(errorsOf({ L: ["relay://:1"], R: "30" }), [
    '-R: Cannot use "30" here: write a duration like 30s',
  ]);
});

Deno.test("readConfig reads what -O prints, in either form, to the same configuration", () => {
  const written = {
    L: [
      `${URL}&interface=eth0&so_mark=3&sniffing=true&postUp=a;b&retries=1`,
      "relay+wss://u:p@:8443?cert=c&key=k",
    ],
    F: [
      "relay+wss://u:p@h:443?bypass=~a,10.0.0.0/8&secure=true&ca=x&keepalive=true",
      "socks5://h:1?relay=udp",
    ],
  };
  const shown = (config: unknown): string =>
    JSON.stringify(config, (key, value) => key === "at" ? undefined : value);
  for (const format of ["yaml", "json"] as const) {
    const yaml = print(read(written).document, format);
    assertEquals(shown(configOf({ yaml })), shown(configOf(written)));
  }
});

Deno.test("readConfig freezes the configuration all the way down", () => {
  const config = configOf({ yaml: SNIFFING_YAML });
  const thawed: unknown[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if (ArrayBuffer.isView(value)) return;
    if (!Object.isFrozen(value)) thawed.push(value);
    Object.values(value).forEach(walk);
  };
  walk(config);
  assertEquals(thawed, []);
});

Deno.test("readConfig never shows a secret in a problem", () => {
  const secret = "hunter2";
  const yaml = `
services:
- name: a
  addr: :1
  handler: {type: relay, auth: ${secret}, authers: [b], auther: {x: ${secret}}}
  listener: {type: wss, metadata: {header: {a: ${secret}, b: [${secret}]}, auth:${secret}}}
- name: b
  handler: {type: tungo, chain: c, auth: {password:${secret}}}
  listener: {type: tungo}
authers: [{name: b, auths: [${secret}, {username: u, password: [${secret}, x]}]}]
chains:
- name: c
  hops:
  - nodes:
    - addr: h:1
      connector: {type: relay, auth: {username: u, password: !${secret}}}
      dialer: {type: ws, metadata: {header: {token:${secret}, x: "${secret}\\n"}}}
`;
  const sources: Written[] = [
    { yaml },
    { yaml: yaml.replace("!", "") },
    { L: [`relay://u:${secret}%@:1`, `relay://u:${secret}#@:1`] },
    { L: [`relay://u:${secret}@x y?pasword=${secret}&auth=${secret}%`] },
    {
      F: [
        `rely://u:${secret}@h`,
        `relay+ws://u:${secret}@h:1/p?auth=!${secret}`,
      ],
    },
    { L: ["relay://:1"], api: `u:${secret}@#`, metrics: `u:${secret}%@` },
  ];
  for (const written of sources) {
    const problems = [...errorsOf(written), ...warningsOf(written)];
    assert(errorsOf(written).length > 0);
    for (const problem of problems) {
      assertEquals(problem.includes(secret), false, problem);
    }
  }
});

Deno.test("readConfig takes any document and any command line", () => {
  const key = fc.constantFrom(
    ...["services", "chains", "hops", "nodes", "bypasses", "name", "handler"],
    ...["listener", "connector", "dialer", "metadata", "type", "addr", "tls"],
    ...["auth", "matchers", "log", "level", "net", "mtu", "postUp", "header"],
    ...["chain", "bypass", "username", "sniffing", "authers", "auther", "x"],
  );
  const leaf = fc.oneof(
    fc.constantFrom("tungo", "relay", "wss", "a", ":1", "h:1", "1s", "~", "/"),
    fc.string({ maxLength: 5 }),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
  );
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 7, depthSize: "large" },
      leaf,
      fc.array(tie("node"), { maxLength: 3 }),
      fc.dictionary(key, tie("node"), { maxKeys: 6, noNullPrototype: true }),
    ),
  })).node;
  const url = fc.tuple(
    fc.constantFrom("tungo", "relay+wss", "socks5", "direct", "x", ""),
    fc.string({ unit: fc.constantFrom(..."u:p@h1,/[]-"), maxLength: 12 }),
    fc.array(fc.tuple(key, fc.string({ maxLength: 4 })), { maxLength: 3 }),
  ).map(([scheme, host, query]) =>
    `${scheme}://${host}?${query.map((pair) => pair.join("=")).join("&")}`
  );
  fc.assert(
    fc.property(tree, fc.array(url), fc.array(url), (tree, L, F) => {
      const { config, errors, document } = read({
        yaml: JSON.stringify({ services: tree, chains: tree, bypasses: tree }),
        L,
        F,
      });
      assertEquals(config === undefined, errors.length > 0);
      print(document, "yaml");
      print(document, "json");
    }),
    { numRuns: 200 },
  );
});
