import { assertEquals } from "@std/assert";
import { errorsOf, tungoOf } from "../../../support/config.ts";

/** Of the service, the hop and the node. */
function file(
  [service, hop, node]: readonly [string, string, string],
): { readonly yaml: string } {
  return {
    yaml: `
services:
- name: a
  handler: {type: tungo, chain: c}
  listener: {type: tungo}
${service}
chains:
- name: c
  hops:
  - name: h
${hop}
    nodes:
    - name: n
      addr: h:1
      connector: {type: relay}
${node}
`,
  };
}

Deno.test("decodeEgress reads a list of interfaces, some strict [D.3]", () => {
  const { route } = tungoOf({
    L: ["tungo://:0?interface=eth0,+wlan0!,192.0.2.1,auto,&so_mark=100"],
  });
  assertEquals(route.egress, {
    interfaces: [
      { name: "eth0", strict: false },
      { name: "wlan0", strict: true },
      { name: "192.0.2.1", strict: false },
      { name: "auto", strict: false },
    ],
    mark: 100,
  });
});

Deno.test("decodeEgress prefers the node's metadata, its fields, the hop's metadata, its fields [D.3, H.1 interface precedence]", () => {
  const rows: [string, string, string[], number | undefined][] = [
    ["", "", [], undefined],
    ["    interface: d", "", ["d"], undefined],
    ["    interface: d\n    metadata: {interface: c}", "", ["c"], undefined],
    ["    metadata: {interface: c}", "      interface: b", ["b"], undefined],
    [
      "    metadata: {interface: c}",
      "      interface: b\n      metadata: {interface: a}",
      ["a"],
      undefined,
    ],
    [
      "    metadata: {interface: c}",
      "      metadata: {interface: ''}",
      [],
      undefined,
    ],
    ["    sockopts: {mark: 4}", "", [], 4],
    ["    sockopts: {mark: 4}\n    metadata: {so_mark: 3}", "", [], 3],
    ["    metadata: {so_mark: 3}", "      sockopts: {mark: 2}", [], 2],
    [
      "    metadata: {so_mark: 3}",
      "      sockopts: {mark: 2}\n      metadata: {so_mark: 1}",
      [],
      1,
    ],
    [
      "    metadata: {so_mark: 3}",
      "      metadata: {so_mark: 0}",
      [],
      undefined,
    ],
  ];
  for (const [hop, node, interfaces, mark] of rows) {
    const { route } = tungoOf(file(["", hop, node]));
    const egress = route.chain?.hops[0]?.nodes[0]?.egress;
    assertEquals(egress?.interfaces.map(({ name }) => name), interfaces);
    assertEquals(egress?.mark, mark);
    assertEquals(route.egress, { interfaces: [], mark: undefined });
  }
});

Deno.test("decodeEgress does not hand the service's interface to nodes [D.3, H.1 service interface]", () => {
  const { route } = tungoOf(
    file(["  interface: eth0\n  sockopts: {mark: 5}", "", ""]),
  );
  assertEquals(route.egress, {
    interfaces: [{ name: "eth0", strict: false }],
    mark: 5,
  });
  assertEquals(route.chain?.hops[0]?.nodes[0]?.egress, {
    interfaces: [],
    mark: undefined,
  });
});

Deno.test("decodeEgress refuses a mark of more than 32 bits", () => {
  assertEquals(errorsOf({ L: ["tungo://:0?so_mark=4294967296"] }), [
    '-L: Cannot use "4294967296" for so_mark as it must be 1 to 4294967295 (services[0].metadata.so_mark)',
  ]);
  assertEquals(errorsOf(file(["  sockopts: {mark: 4294967296}", "", ""])), [
    "a.yaml:6:20: Cannot use 4294967296 for mark as it must be 1 to 4294967295 (services[0].sockopts.mark)",
  ]);
});
