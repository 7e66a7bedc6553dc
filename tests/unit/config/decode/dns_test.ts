import { assertEquals } from "@std/assert";
import { errorsOf, tungoOf } from "../../../support/config.ts";
import { formatPrefix } from "../../../../src/wire/address.ts";

const SERVICE = "tungo://:0?net=192.168.123.1/24";

Deno.test("decodeDns makes a resolver of the nameservers of the command line, beside that of the service", () => {
  const { dns, route } = tungoOf({
    L: [
      `${SERVICE}&resolver=1.1.1.1&dns.answer=8.8.8.8,tcp://9.9.9.9&prefer=ipv6`,
    ],
  });
  assertEquals(route.names.resolver?.name, "resolver-0");
  assertEquals(dns?.resolver.name, "resolver-1");
  assertEquals(
    dns?.resolver.nameservers.map(({ protocol, host, families }) => [
      protocol,
      host,
      families[0],
    ]),
    [["udp", "8.8.8.8", "ipv6"], ["tcp", "9.9.9.9", "ipv6"]],
  );
  assertEquals(tungoOf({ L: [SERVICE] }).dns, undefined);
});

Deno.test("decodeDns reads fake addresses, one prefix of each family, and leads them into the device", () => {
  const { dns, device } = tungoOf({
    L: [`${SERVICE}&dns.answer=1.1.1.1&dns.fake=198.18.0.9/15,fc00::/64`],
  });
  const fakes = ["198.18.0.0/15", "fc00::/64"];
  assertEquals(dns?.fakes.map(formatPrefix), fakes);
  assertEquals(
    device.routes.map(({ destination }) => formatPrefix(destination)),
    fakes,
  );
});

Deno.test("decodeDns says what it cannot use", () => {
  const answer = "dns.answer=1.1.1.1";
  const rows: [string, string][] = [
    ["dns.fake=198.18.0.0/15", "Cannot use dns.fake without dns.answer"],
    [`${answer}&dns.fake=x`, 'Cannot use "x" for dns.fake as it must be'],
    [`${answer}&dns.fake=198.18.0.0/25`, 'Cannot use "198.18.0.0/25"'],
    [`${answer}&dns.fake=198.18.0.0/24,198.19.0.0/24`, '"198.19.0.0/24"'],
    [
      `${answer}&dns.fake=192.168.0.0/16`,
      "has the device's own address 192.168.123.1",
    ],
    ["dns.answer=foo://a", 'the nameserver "foo://a"'],
  ];
  for (const [query, expected] of rows) {
    const errors = errorsOf({ L: [`${SERVICE}&${query}`] });
    assertEquals(
      [errors.length, errors[0]?.includes(expected)],
      [1, true],
      query,
    );
  }
});

Deno.test("decodeResolver reads the domains of a nameserver as patterns", () => {
  const yaml = (domains: string): string => `
services: [{name: s, handler: {type: tungo, metadata: {dns.answer: r}}, listener: {type: tungo}}]
resolvers: [{name: r, nameservers: [{addr: 1.1.1.1, domains: ${domains}}]}]
`;
  const { dns } = tungoOf({ yaml: yaml("[.internal, lan]") });
  assertEquals(
    dns?.resolver.nameservers[0]?.domains.map(({ text }) => text),
    [".internal", "lan"],
  );
  assertEquals(errorsOf({ yaml: yaml("[10.0.0.0/33]") }).length, 1);
});
