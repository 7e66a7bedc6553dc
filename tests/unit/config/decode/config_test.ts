import { assertEquals } from "@std/assert";
import { errorsOf, warningsOf } from "../../../support/config.ts";

const FILE = {
  yaml: `
services:
- { name: s, addr: ":1", handler: { type: relay } }
chains:
- name: spare
  hops:
  - name: h
    bypass: gone
    nodes:
    - { name: n, addr: "a:1", connector: { type: relax }, dialer: { type: tcp } }
bypasses:
- { name: other, matchers: ["a:b:c:1", "[a-"] }
`,
};

Deno.test("decodeConfig looks also at what nothing uses, and warns of it", () => {
  assertEquals(errorsOf(FILE), []);
  assertEquals(warningsOf(FILE), [
    'a.yaml:5:3: The chain "spare" is not used by any service (chains[0])',
    'a.yaml:8:13: If it were used: Unknown bypass "gone": there is other (chains[0].hops[0].bypass)',
    'a.yaml:10:50: If it were used: Unknown connector "relax": did you mean "relay"? (chains[0].hops[0].nodes[0].connector.type)',
    'a.yaml:12:3: The bypass "other" is not used by any service (bypasses[0])',
    'a.yaml:12:29: If it were used: Cannot use the matcher "a:b:c:1": it is neither an address nor a name (bypasses[0].matchers)',
  ]);
});
