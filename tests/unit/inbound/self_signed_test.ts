import {
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import {
  createPrivateKey,
  createPublicKey,
  X509Certificate,
} from "node:crypto";
import { selfSignedCertificate } from "../../../src/inbound/self_signed.ts";

const NOW = new Date("2026-11-23T12:34:56.789Z");

function issue(options: { names?: readonly string[]; days?: number } = {}) {
  const { names = ["relay.example"], days = 365 } = options;
  const { cert, key } = selfSignedCertificate({ names, now: NOW, days });
  return { cert: new X509Certificate(cert), key };
}

Deno.test("selfSignedCertificate is signed by its own key", () => {
  const { cert, key } = issue();
  const publicKey = createPublicKey(key);
  assertEquals(cert.verify(publicKey), true);
  assertEquals(cert.checkPrivateKey(createPrivateKey(key)), true);
  assertEquals([cert.subject, cert.issuer], ["CN=tungo", "CN=tungo"]);
});

Deno.test("selfSignedCertificate names hosts and addresses", () => {
  const names = [
    "relay.example",
    "*.relay.example",
    "192.0.2.1",
    "2001:db8::1",
  ];
  assertEquals(
    issue({ names }).cert.subjectAltName,
    "DNS:relay.example, DNS:*.relay.example, IP Address:192.0.2.1, IP Address:2001:db8::1",
  );
});

Deno.test("selfSignedCertificate is valid from now for some days, beyond 2049, too", () => {
  const rows: [number, string, string][] = [
    [365, "Nov 23 12:34:56 2026 GMT", "Nov 23 12:34:56 2027 GMT"],
    [10_000, "Nov 23 12:34:56 2026 GMT", "Apr 10 12:34:56 2054 GMT"],
  ];
  for (const [days, from, to] of rows) {
    const { cert } = issue({ days });
    assertEquals([cert.validFrom, cert.validTo], [from, to]);
  }
});
Deno.test("selfSignedCertificate is an end entity for servers, as GOST's is [RFC 5280 §4.2.1]", () => {
  const raw = issue().cert.raw.toString("hex");
  const extensions = [
    "300e 0603551d0f 0101ff 0404 03020284", // keyUsage, critical
    "300c 0603551d13 0101ff 0402 3000", // basicConstraints, critical
    "3013 0603551d25 040c 300a 06082b06010505070301", // extKeyUsage
  ];
  for (const octets of extensions) {
    assertStringIncludes(raw, octets.replaceAll(" ", ""));
  }
  assertEquals(issue().cert.ca, false);
});

Deno.test("selfSignedCertificate has a random positive serial number [RFC 5280 §4.1.2.2]", () => {
  const [one, other] = [issue().cert.serialNumber, issue().cert.serialNumber];
  assertMatch(one, /^[4-7][0-9A-F]{31}$/);
  assertNotEquals(one, other);
});

Deno.test("selfSignedCertificate takes one name or many", () => {
  for (const count of [1, 5, 10, 100]) {
    const names = Array.from({ length: count }, (_, i) => `n${i}.example`);
    const { cert, key } = issue({ names });
    assertEquals(cert.verify(createPublicKey(key)), true);
    const last = `n${count - 1}.example`;
    assertEquals(cert.checkHost(last), last);
  }
});
