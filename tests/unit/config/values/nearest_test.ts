import { assertEquals } from "@std/assert";
import { nearest } from "../../../../src/config/values/nearest.ts";

Deno.test("nearest finds the candidate with the fewest slips", () => {
  const candidates = ["bypass", "bypasses", "udpTimeout", "net", "mtu"];
  const rows: [string, string | undefined][] = [
    ["bypas", "bypass"],
    ["BYPASS", "bypass"],
    ["bypassse", "bypasses"],
    ["udptimeuot", "udpTimeout"],
    ["nte", "net"],
    ["mt", "mtu"],
    ["handshake", undefined],
    ["x", undefined],
    ["", undefined],
  ];
  for (const [word, candidate] of rows) {
    assertEquals(nearest(word, candidates), candidate, word);
  }
});
