import { assertEquals, assertStrictEquals } from "@std/assert";
import { dialError } from "../../../ffi/dial_errors.ts";
import { DeviceError } from "../../../src/base/errors.ts";
import { describe } from "../../../src/base/errors.ts";

const TARGET = {
  host: "192.0.2.1",
  port: 443,
  signal: new AbortController().signal,
};

Deno.test("dialError sorts what the system says", () => {
  const rows = [
    ["ECONNREFUSED", "refused"],
    ["ECONNRESET", "refused"],
    ["ETIMEDOUT", "timeout"],
    ["EACCES", "forbidden"],
    ["EHOSTUNREACH", "unreachable"],
    ["ENETUNREACH", "unreachable"],
    ["ENODEV", "unreachable"],
    ["EADDRNOTAVAIL", "unreachable"],
    ["errno 42", "unreachable"],
  ];
  for (const [errno = "", kind] of rows) {
    const error = dialError({ target: TARGET, syscall: "connect", errno });
    assertEquals<string | undefined>(error.kind, kind, errno);
    assertStrictEquals(error.cause instanceof DeviceError, true);
    assertEquals((error.cause as DeviceError).errno, errno);
  }
});

Deno.test("dialError says what was tried, and how", () => {
  const syscall = "connect";
  const errno = "ECONNREFUSED";
  const ipv6 = { ...TARGET, host: "2001:db8::1", interface: "eth0" };

  assertEquals(
    describe(dialError({ target: TARGET, syscall, errno })),
    "Cannot reach 192.0.2.1:443: connect says ECONNREFUSED",
  );
  assertEquals(
    describe(dialError({ target: ipv6, syscall, errno, hint: "go home" })),
    'Cannot reach [2001:db8::1]:443 through "eth0": connect says ECONNREFUSED (go home)',
  );
});
