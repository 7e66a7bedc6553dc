import { assertEquals } from "@std/assert";
import { compare, readReport } from "../../../../scripts/bench/compare.ts";

Deno.test("readReport() takes name and shortest time of each bench that has run", () => {
  const report = JSON.stringify({
    version: 1,
    benches: [
      { name: "a", results: [{ ok: { min: 12.4, p75: 50, max: 90 } }] },
      { name: "b", results: [{ failed: "Error" }] },
    ],
  });
  assertEquals(readReport(report), [{ name: "a", min: 12 }]);
});

Deno.test("compare() names what has become slower than the rest, what is gone and what is new", () => {
  const before = [
    { name: "a", min: 100 },
    { name: "b", min: 100 },
    { name: "c", min: 100 },
    { name: "d", min: 100 },
  ];
  const after = [
    { name: "a", min: 200 },
    { name: "b", min: 210 },
    { name: "c", min: 400 },
    { name: "e", min: 1 },
  ];

  assertEquals(compare(before, after), {
    lines: [
      "all, the machine's own: × 2.10",
      "× 0.95  a",
      "× 1.00  b",
      "SLOWER × 1.90  c",
      "gone: d",
      "new: e (--update takes it in)",
    ],
    slower: 1,
  });
});
