type Schema = Readonly<Record<string, unknown>>;

/** What of `value` the schema does not allow, by its path: as much of JSON Schema's draft 7 as ours uses. */
export function violations(
  value: unknown,
  schema: Schema,
  root: Schema = schema,
  path = "",
): string[] {
  const check = (part: unknown, at = path, of = value): string[] =>
    violations(of, part as Schema, root, at);
  const all = (parts: unknown): unknown[] => (parts ?? []) as unknown[];
  const { $ref, type, enum: values, properties = {}, items } = schema;
  if (typeof $ref === "string") {
    const { definitions } = root as { definitions: Record<string, Schema> };
    return check(definitions[$ref.split("/")[2] ?? ""]);
  }
  const found = all(schema["allOf"]).flatMap((part) => check(part));
  for (const key of ["anyOf", "oneOf"]) {
    if (!(key in schema)) continue;
    const fits = all(schema[key]).filter((part) => check(part).length === 0);
    if (fits.length === 0) found.push(`${path}: fits none`);
    if (key === "oneOf" && fits.length > 1) found.push(`${path}: fits several`);
  }
  if (type !== undefined && ![type].flat().includes(typeOf(value))) {
    const isWhole = [type].flat().includes("integer") &&
      Number.isInteger(value);
    if (!isWhole) found.push(`${path}: ${typeOf(value)} is no ${type}`);
  }
  if (Array.isArray(values) && !values.includes(value)) {
    found.push(`${path}: ${value} is none of ${values}`);
  }
  if (Array.isArray(value) && items !== undefined) {
    value.forEach((item, i) =>
      found.push(...check(items, `${path}[${i}]`, item))
    );
  }
  if (typeOf(value) === "object") {
    for (const [key, member] of Object.entries(value as object)) {
      const part = (properties as Record<string, unknown>)[key];
      const at = `${path}.${key}`;
      if (part !== undefined) found.push(...check(part, at, member));
      else if (schema["additionalProperties"] === false) {
        found.push(`${at}: unknown`);
      }
    }
  }
  return found;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
