import { assertEquals } from "@std/assert";
import { parseHostsFile } from "../../../src/names/hosts_file.ts";

Deno.test("parseHostsFile reads hosts(5), and names the lines that make no sense", () => {
  const { entries, problems } = parseHostsFile(
    [
      "127.0.0.1 localhost",
      "::1\tlocalhost  ip6-localhost # loopback",
      "  192.0.2.1   Example.COM .example\r",
      "#192.0.2.2 example.com",
      "2001:DB8::1 example.com",
      " fe80::1%eth0 router",
      "example.org 192.0.2.3",
      "192.0.2.4",
      "",
    ].join("\n"),
    "hosts.txt",
  );
  assertEquals(
    entries.map(({ name, address, at }) => [name, address, at.line]),
    [
      ["localhost", "127.0.0.1", 1],
      ["localhost", "::1", 2],
      ["ip6-localhost", "::1", 2],
      ["example.com", "192.0.2.1", 3],
      [".example", "192.0.2.1", 3],
      ["example.com", "2001:db8::1", 5],
    ],
  );
  assertEquals(problems, [
    { at: { file: "hosts.txt", line: 6, column: 2 }, text: "fe80::1%eth0" },
    { at: { file: "hosts.txt", line: 7, column: 1 }, text: "example.org" },
  ]);
});
