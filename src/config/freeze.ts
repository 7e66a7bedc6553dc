/** Freezes what `value` consists of, all the way down; octets cannot be frozen and stay as they are. */
export function freeze<T>(value: T): T {
  const isObject = typeof value === "object" && value !== null;
  if (isObject && !ArrayBuffer.isView(value) && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) freeze(member);
  }
  return value;
}
