import { assertEquals } from "@std/assert";

import { BoundedMap } from "../../../src/base/bounded_map.ts";

Deno.test("BoundedMap forgets what was set the longest time ago", () => {
  const map = new BoundedMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.set("a", 3);
  map.set("c", 4);
  assertEquals(["a", "b", "c"].map((key) => map.get(key)), [3, undefined, 4]);
});
