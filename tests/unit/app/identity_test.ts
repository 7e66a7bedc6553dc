import { assertEquals, assertNotEquals } from "@std/assert";
import { identityOf } from "../../../src/app/identity.ts";
import { Secret } from "../../../src/config/secret.ts";

const at = (line: number) => ({ file: "a.yaml", line, column: 1 });

Deno.test("identityOf() is the same for what stands elsewhere and means the same", () => {
  const one = { at: at(1), tls: { at: at(2), alpn: ["h2"] }, mark: undefined };
  const other = { at: at(7), tls: { at: at(9), alpn: ["h2"] } };
  assertEquals(identityOf(one), identityOf(other));
});

Deno.test("identityOf() tells secrets and addresses apart", () => {
  const secrets = ["a", "b"].map((text) => identityOf(new Secret(text)));
  assertNotEquals(secrets[0], secrets[1]);
  const addresses = [1, 2].map((octet) => identityOf(Uint8Array.of(octet)));
  assertNotEquals(addresses[0], addresses[1]);
});
