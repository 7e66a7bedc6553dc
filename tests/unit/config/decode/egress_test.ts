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
    netns: undefined,
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
    assertEquals(route.egress, {
      interfaces: [],
      mark: undefined,
      netns: undefined,
    });
  }
});

Deno.test("decodeEgress does not hand the service's interface to nodes [D.3, H.1 service interface]", () => {
  const { route } = tungoOf(
    file(["  interface: eth0\n  sockopts: {mark: 5}", "", ""]),
  );
  assertEquals(route.egress, {
    interfaces: [{ name: "eth0", strict: false }],
    mark: 5,
    netns: undefined,
  });
  assertEquals(route.chain?.hops[0]?.nodes[0]?.egress, {
    interfaces: [],
    mark: undefined,
    netns: undefined,
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

Deno.test("decodeEgress takes the namespace of the node's metadata, its field, the hop's metadata [D.3]", () => {
  const rows: [string, string, string | undefined][] = [
    ["", "", undefined],
    ["    metadata: {netns: c}", "", "c"],
    [
      "    metadata: {netns: c}",
      "      netns: /proc/7/ns/net",
      "/proc/7/ns/net",
    ],
    ["", "      netns: b\n      metadata: {netns: a}", "a"],
    ["    metadata: {netns: c}", "      metadata: {netns: ''}", undefined],
  ];
  for (const [hop, node, expected] of rows) {
    const { route } = tungoOf(file(["", hop, node]));
    const { netns } = route.chain?.hops[0]?.nodes[0]?.egress ?? {};
    assertEquals(netns?.name, expected, node);
    assertEquals(route.egress.netns, undefined);
  }
});

Deno.test("decodeEgress has a service dial from netns.out, and from no other by its nodes [B.4]", () => {
  const { route } = tungoOf({
    L: ["tungo://:0?netns.out=blue"],
    F: ["relay://h:1?netns=red"],
  });
  assertEquals(route.egress.netns?.name, "blue");
  assertEquals(
    route.chain?.hops[0]?.nodes[0]?.egress.netns?.name,
    "red",
  );
});

Deno.test("decodeEgress refuses namespaces that can have no name, and the default route of another", () => {
  assertEquals(
    errorsOf(file(["", "    metadata: {netns: ../x}", ""])),
    [
      'a.yaml:11:23: Cannot use "../x" for netns as it must be a name that "ip netns" lists, or an absolute path (chains[0].hops[0].metadata.netns)',
    ],
  );
  assertEquals(errorsOf({ L: ["tungo://:0?netns.out=blue&interface=auto"] }), [
    '-L: Cannot use "auto" for interface in the network namespace "blue": name one of its interfaces, or none (services[0].metadata.netns.out)',
  ]);
});
