/** For our own mistakes only: untrusted octets are answered with return values, never with this. */
export function assert(
  condition: unknown,
  message = "assertion failed",
): asserts condition {
  if (!condition) throw new Error(message);
}
