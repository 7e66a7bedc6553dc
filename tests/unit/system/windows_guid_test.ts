import { assertEquals, assertNotEquals } from "@std/assert";
import { formatGuid, windowsGuid } from "../../../src/system/windows_guid.ts";

Deno.test("windowsGuid makes of a name always the same GUID, of version 8 [RFC 9562 §5.8]", () => {
  // What has once been given to an adapter must never change: Windows keeps what it knows of the adapter under it.
  assertEquals(
    formatGuid(windowsGuid("tungo")),
    "{D135711B-209D-8924-8851-95E9EDF62DEA}",
  );
  assertNotEquals(windowsGuid("tungo1"), windowsGuid("tungo2"));
});
