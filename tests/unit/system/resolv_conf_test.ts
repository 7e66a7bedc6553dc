import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  coverNameservers,
  type Nameserver,
  nameserversOf,
  uncoverNameservers,
} from "../../../src/system/resolv_conf.ts";

const STUB = "# by systemd-resolved\nnameserver 127.0.0.53\noptions edns0\n";

Deno.test("nameserversOf reads resolv.conf(5)", () => {
  const rows: [string, Nameserver[]][] = [
    [
      "nameserver 192.0.2.53\nnameserver\t2001:DB8::53  # office\n",
      [
        { host: "192.0.2.53", stub: false },
        { host: "2001:db8::53", stub: false },
      ],
    ],
    [
      "nameserver fe80::1%eth0",
      [{ host: "fe80::1", interface: "eth0", stub: false }],
    ],
    [
      "nameserver 192.0.2.53\nnameserver 192.0.2.53\n",
      [{ host: "192.0.2.53", stub: false }],
    ],
    [
      "#nameserver 192.0.2.1\n;nameserver 192.0.2.2\nnameserver example.com\n" +
      "nameservers 192.0.2.3\n nameserver 192.0.2.4\nsearch 192.0.2.5\n",
      [{ host: "127.0.0.1", stub: true }],
    ],
    ["", [{ host: "127.0.0.1", stub: true }]],
    ["nameserver ::1\n", [{ host: "::1", stub: true }]],
    [STUB, [{ host: "127.0.0.53", stub: true }]],
  ];
  for (const [text, expected] of rows) {
    assertEquals(nameserversOf(text), expected, text);
  }
});

Deno.test("nameserversOf looks behind a stub where it can", () => {
  const uplinks = "nameserver 192.0.2.1\nnameserver fe80::1%eth0\n";
  const behind = [
    { host: "192.0.2.1", stub: false },
    { host: "fe80::1", interface: "eth0", stub: false },
  ];
  const rows: [string, string, Nameserver[]][] = [
    [STUB, uplinks, behind],
    [
      `${STUB}nameserver 192.0.2.9\n`,
      uplinks,
      [...behind, { host: "192.0.2.9", stub: false }],
    ],
    [
      "nameserver 192.0.2.9\n",
      uplinks,
      [{ host: "192.0.2.9", stub: false }],
    ],
    [STUB, STUB, [{ host: "127.0.0.53", stub: true }]],
  ];
  for (const [text, uplinks, expected] of rows) {
    assertEquals(nameserversOf(text, uplinks), expected, text);
  }
});

Deno.test("nameserversOf reads what stood there before tungo", () => {
  const covered = coverNameservers("nameserver 192.0.2.9\n", ["1.1.1.1"]);
  assertEquals(nameserversOf(covered), [{ host: "192.0.2.9", stub: false }]);
});

Deno.test("uncoverNameservers(coverNameservers(x)) = x, any number of times", () => {
  const line = fc.oneof(
    fc.constantFrom("nameserver 192.0.2.1", "#~ nameserver 1", "", "search a"),
    fc.string(),
  );
  const text = fc.array(line).map((lines) => lines.join("\n"));
  fc.assert(fc.property(text, (text) => {
    const once = coverNameservers(text, ["1.1.1.1", "::1"]);
    const twice = coverNameservers(once, ["9.9.9.9"]);
    assertEquals(uncoverNameservers(once), text);
    assertEquals(uncoverNameservers(uncoverNameservers(twice)), text);
  }));
});

Deno.test("uncoverNameservers leaves texts of others alone", () => {
  for (const text of ["", "#~ nameserver 192.0.2.1\n", STUB]) {
    assertEquals(uncoverNameservers(text), text);
  }
});
