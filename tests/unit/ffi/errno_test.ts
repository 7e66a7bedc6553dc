import { assertEquals } from "@std/assert";
import { ERRNO, errnoName } from "../../../ffi/errno.ts";

Deno.test("errnoName names Linux's numbers [asm-generic/errno.h]", () => {
  const rows: [number, string][] = [
    [1, "EPERM"],
    [11, "EAGAIN"],
    [16, "EBUSY"],
    [77, "EBADFD"],
    [101, "ENETUNREACH"],
    [111, "ECONNREFUSED"],
    [115, "EINPROGRESS"],
    [4095, "errno 4095"],
  ];
  for (const [errno, name] of rows) assertEquals(errnoName(errno), name);
});

Deno.test("errnoName answers each name by its own number", () => {
  for (const [name, errno] of Object.entries(ERRNO)) {
    assertEquals(errnoName(errno), name);
  }
});
