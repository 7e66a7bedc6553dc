import { assertEquals } from "@std/assert";
import { isUtunName } from "../../../src/system/darwin.ts";

Deno.test("isUtunName knows the names that the kernel has [H.2 macOS]", () => {
  const rows: [string, boolean][] = [
    ["utun0", true],
    ["utun42", true],
    ["utun", false],
    ["utun07", false],
    ["utun-1", false],
    ["utun123456", false],
    ["tungo", false],
    ["xutun1", false],
  ];
  for (const [name, expected] of rows) {
    assertEquals(isUtunName(name), expected, name);
  }
});
