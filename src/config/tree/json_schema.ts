import { type ShapeName, SHAPES } from "./gost.ts";
import { type Note, NOTES } from "./notes.ts";
import type { Kind, Leaf, Shape } from "./shape.ts";

/** JSON Schema, draft 7, which is what editors' YAML servers read best. */
type Schema = Readonly<Record<string, unknown>>;

const ANY_SCALAR: Schema = {
  type: ["string", "number", "boolean", "null"],
};

/** What each leaf may be written as: whatever `conform` reads. */
const LEAVES: { readonly [L in Leaf]: Schema } = {
  text: ANY_SCALAR,
  "text!": ANY_SCALAR,
  integer: { type: ["integer", "string", "null"] },
  "integer!": { type: ["integer", "string", "null"] },
  boolean: { type: ["boolean", "integer", "string", "null"] },
  duration: { $ref: "#/definitions/duration" },
  "duration!": { $ref: "#/definitions/duration" },
  texts: { $ref: "#/definitions/texts" },
  map: { type: ["object", "null"] },
  anything: {},
};

const DURATION: Schema = {
  description: "Like 30s or 1m30s; a number is seconds",
  type: ["string", "number", "null"],
  examples: ["30s"],
};

const TEXTS: Schema = {
  description: "A list, or its items in one text with commas between",
  oneOf: [
    { type: ["string", "number", "null"] },
    { type: "array", items: { type: ["string", "number"] } },
  ],
};

/** GOST's document as editors check and complete it. Keys in other than GOST's own spelling are right for tungo and unknown here. */
export function jsonSchema(): Schema {
  const names = new Map<Shape, ShapeName>();
  for (const name of Object.keys(SHAPES) as ShapeName[]) {
    names.set(SHAPES[name], name);
  }
  const definitions: Record<string, unknown> = {
    duration: DURATION,
    texts: TEXTS,
  };
  for (const [shape, name] of names) {
    if (name !== "document") definitions[name] = objectOf(shape, name, names);
  }
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "A configuration of tungo, or of GOST's services that tungo has",
    ...objectOf(SHAPES.document, "document", names),
    definitions,
  };
}

function objectOf(
  shape: Shape,
  name: string,
  names: ReadonlyMap<Shape, ShapeName>,
): Schema {
  const properties = Object.entries(shape).map(([key, kind]) => {
    const note = NOTES[name as ShapeName]?.[key];
    const schema = kindOf(kind, `${name}.${key}`, names);
    return [key, note === undefined ? schema : noted(schema, note)] as const;
  });
  return {
    type: ["object", "null"],
    properties: Object.fromEntries(properties),
    additionalProperties: false,
  };
}

function kindOf(
  kind: Kind,
  path: string,
  names: ReadonlyMap<Shape, ShapeName>,
): Schema {
  if (typeof kind === "string") return LEAVES[kind];
  if ("object" in kind) return refer(kind.object, path, names);
  const item = refer(kind.list, path, names);
  const items = kind.text === undefined
    ? item
    : { oneOf: [item, { type: "string" }] };
  return { type: ["array", "null"], items };
}

function refer(
  shape: Shape,
  path: string,
  names: ReadonlyMap<Shape, ShapeName>,
): Schema {
  const name = names.get(shape);
  return name === undefined
    ? objectOf(shape, path, names)
    : { $ref: `#/definitions/${name}` };
}

/** A reference takes nothing beside it in draft 7. */
function noted(schema: Schema, note: Note): Schema {
  const { keys, ...said } = note;
  const base = "$ref" in schema ? { allOf: [schema] } : schema;
  if (keys === undefined) return { ...base, ...saidOf(said) };
  const properties = Object.fromEntries(
    Object.entries(keys).map(([key, note]) => [key, saidOf(note)]),
  );
  return { ...saidOf(said), type: ["object", "null"], properties };
}

/** Values are offered, not demanded: GOST has more of them, and tungo tells which it has not. */
function saidOf({ description, values, fallback }: Omit<Note, "keys">): Schema {
  return {
    ...(description === undefined ? {} : { description }),
    ...(values === undefined ? {} : { anyOf: [{ enum: values }, ANY_SCALAR] }),
    ...(fallback === undefined ? {} : { default: fallback }),
  };
}
