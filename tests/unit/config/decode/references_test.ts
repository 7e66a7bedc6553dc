import { assertEquals } from "@std/assert";
import { errorsOf, warningsOf } from "../../../support/config.ts";

Deno.test("References refuses a second object of the same name [A.4]", () => {
  const rows: [Parameters<typeof errorsOf>[0], string[]][] = [
    [
      {
        yaml:
          "services: [{name: service-0, handler: {type: relay}, addr: ':1'}]",
        L: ["tungo://:0"],
      },
      [
        '-L: Cannot use the name "service-0" for a second service: the first is at a.yaml:1:12 (services[1])',
      ],
    ],
    [
      {
        yaml: "bypasses:\n- name: bypass-0",
        L: ["tungo://:0?bypass=a"],
      },
      [
        '-L: Cannot use the name "bypass-0" for a second bypass: the first is at a.yaml:2:3 (bypasses[1])',
      ],
    ],
  ];
  for (const [written, errors] of rows) assertEquals(errorsOf(written), errors);
});

Deno.test("References names what an unknown reference may mean, and looks into that [H.2 unknown, K20]", () => {
  const chain = (name: string) => ({
    yaml: `
services:
- {name: a, handler: {type: tungo, chain: ${name}}, listener: {type: tungo}}
chains:
- {name: chain-0, hops: []}
`,
  });
  assertEquals(errorsOf(chain("chain0")), [
    'a.yaml:3:43: Unknown chain "chain0": did you mean "chain-0"? (services[0].handler.chain)',
    'a.yaml:5:3: Cannot use a chain without hops: without "chain-0" flows would go direct (chains[0])',
  ]);
  assertEquals(errorsOf(chain("other")), [
    'a.yaml:3:43: Unknown chain "other": there is chain-0 (services[0].handler.chain)',
  ]);
  assertEquals(
    errorsOf({
      yaml:
        "services: [{handler: {type: tungo, chain: x}, listener: {type: tungo}}]",
    }),
    ['a.yaml:1:43: Unknown chain "x": there are no chains (services[0].handler.chain)'],
  );
});

Deno.test("References warns of what is defined and not used", () => {
  const written = {
    L: ["tungo://:0"],
    yaml: `
chains: [{name: c}]
hops: [{name: h}]
bypasses: [{name: b}, {matchers: [x]}]
resolvers: [{name: r}]
hosts: [{name: o}]
`,
  };
  assertEquals(warningsOf(written), [
    'a.yaml:2:10: The chain "c" is not used by any service (chains[0])',
    'a.yaml:2:10: If it were used: Cannot use a chain without hops: without "c" flows would go direct (chains[0])',
    'a.yaml:3:8: The hop "h" is not used by any service (hops[0])',
    'a.yaml:4:12: The bypass "b" is not used by any service (bypasses[0])',
    "a.yaml:4:23: Nothing can refer to a bypass without a name (bypasses[1])",
    'a.yaml:5:13: The resolver "r" is not used by any service (resolvers[0])',
    "a.yaml:5:13: If it were used: Cannot use a resolver without nameservers: name one (resolvers[0])",
    'a.yaml:6:9: The hosts "o" is not used by any service (hosts[0])',
  ]);
  const withSkipped = { ...written, L: ["tungo://:0", "sni://:1"] };
  assertEquals(
    warningsOf(withSkipped).filter((warning) => warning.includes("not used")),
    [],
  );
});

Deno.test("References warns of -F for services of a file alone [A.4]", () => {
  assertEquals(
    warningsOf({
      yaml: "services: [{name: a, addr: ':1', handler: {type: relay}}]",
      F: ["relay://h:1"],
    }),
    ['-F: The chain "chain-0" is not used by any service (chains[0])'],
  );
});
