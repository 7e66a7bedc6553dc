import { assertEquals } from "@std/assert";
import { hostsTable, lookUp } from "../../../src/names/hosts.ts";

const AT = { file: "a.yaml", line: 1, column: 1 };

function found(names: readonly string[], asked: string): readonly string[] {
  const table = hostsTable(
    names.map((name, i) => ({ name, address: `192.0.2.${i}`, at: AT })),
  );
  return lookUp([table], asked).map(({ name }) => name);
}

Deno.test("lookUp() prefers the nearer name to the earlier table, and joins what tables have for one", () => {
  const tables = [[".example", "x"], ["a.example", "x"]].map((names, i) =>
    hostsTable(
      names.map((name) => ({ name, address: `192.0.2.${i}`, at: AT })),
    )
  );
  const addresses = (name: string) =>
    lookUp(tables, name).map(({ address }) => address);
  assertEquals(addresses("a.example"), ["192.0.2.1"]);
  assertEquals(addresses("b.example"), ["192.0.2.0"]);
  assertEquals(addresses("x"), ["192.0.2.0", "192.0.2.1"]);
});

Deno.test("lookUp() finds a name itself, then what stands for it and all below, then every name [B.10]", () => {
  const rows: [string[], string, string[]][] = [
    [["example.com"], "EXAMPLE.com.", ["example.com"]],
    [["example.com"], "www.example.com", []],
    [[".example.com"], "example.com", [".example.com"]],
    [[".example.com"], "a.b.example.com", [".example.com"]],
    [[".example.com"], "notexample.com", []],
    [[".com", ".example.com"], "www.example.com", [".example.com"]],
    [[".", ".com", "www.example.com"], "www.example.com", ["www.example.com"]],
    [[".", ".com"], "example.com", [".com"]],
    [["."], "example.com", ["."]],
    [["."], "localhost", ["."]],
    [["a.example", "a.example"], "a.example", ["a.example", "a.example"]],
    [["192.0.2.1"], "192.0.2.1", ["192.0.2.1"]],
  ];
  for (const [names, asked, expected] of rows) {
    assertEquals(found(names, asked), expected, asked);
  }
});
