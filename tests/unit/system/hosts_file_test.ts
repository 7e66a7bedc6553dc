import { assertEquals } from "@std/assert";
import { parseHostsFile } from "../../../src/system/hosts_file.ts";

Deno.test("parseHostsFile reads hosts(5)", () => {
  const hosts = parseHostsFile([
    "127.0.0.1 localhost",
    "::1\tlocalhost  ip6-localhost # loopback",
    "  192.0.2.1   Example.COM example",
    "#192.0.2.2 example.com",
    "2001:DB8::1 example.com",
    "fe80::1%eth0 router",
    "example.org 192.0.2.3",
    "192.0.2.4",
    "",
  ].join("\n"));

  assertEquals([...hosts], [
    ["localhost", ["127.0.0.1", "::1"]],
    ["ip6-localhost", ["::1"]],
    ["example.com", ["192.0.2.1", "2001:db8::1"]],
    ["example", ["192.0.2.1"]],
  ]);
});
