import { assertEquals } from "@std/assert";
import { hostsTable, lookUp } from "../../../src/names/hosts.ts";

const AT = { file: "a.yaml", line: 1, column: 1 };

function found(names: readonly string[], asked: string): readonly string[] {
  const table = hostsTable(
    names.map((name, i) => ({ name, address: `192.0.2.${i}`, at: AT })),
  );
  return lookUp(table, asked).map(({ name }) => name);
}

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
