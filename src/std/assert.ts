/** The part of @std/assert that the tests use, over node:assert. JSR's package replaces it by one line in deno.json. */
import nodeAssert from "node:assert/strict";

export function assert(expr: unknown, msg = ""): asserts expr {
  nodeAssert.ok(expr, msg === "" ? undefined : msg);
}

export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  nodeAssert.deepStrictEqual(actual, expected, msg);
}

export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  nodeAssert.notDeepStrictEqual(actual, expected, msg);
}

export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  nodeAssert.strictEqual(actual, expected, msg);
}

export function assertExists<T>(
  actual: T,
  msg?: string,
): asserts actual is NonNullable<T> {
  nodeAssert.ok(actual !== undefined && actual !== null, msg);
}

export function assertMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void {
  nodeAssert.match(actual, expected, msg);
}

export function assertStringIncludes(
  actual: string,
  expected: string,
  msg?: string,
): void {
  nodeAssert.ok(
    actual.includes(expected),
    msg ??
      `Expected ${JSON.stringify(actual)} to include ${
        JSON.stringify(expected)
      }`,
  );
}

export function assertThrows<E extends Error>(
  fn: () => unknown,
  ErrorClass: new (...args: never[]) => E,
  msgIncludes = "",
): E {
  try {
    fn();
  } catch (error) {
    return expectError(error, ErrorClass, msgIncludes);
  }
  nodeAssert.fail("Expected function to throw");
}

export async function assertRejects<E extends Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: new (...args: never[]) => E,
  msgIncludes = "",
): Promise<E> {
  try {
    await fn();
  } catch (error) {
    return expectError(error, ErrorClass, msgIncludes);
  }
  nodeAssert.fail("Expected function to reject");
}

function expectError<E extends Error>(
  error: unknown,
  ErrorClass: new (...args: never[]) => E,
  msgIncludes: string,
): E {
  nodeAssert.ok(
    error instanceof ErrorClass,
    `Expected ${ErrorClass.name}, got ${String(error)}`,
  );
  assertStringIncludes(error.message, msgIncludes);
  return error;
}
