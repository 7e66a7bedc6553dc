/** Writes the JSON Schema of configurations to where editors and the examples look for it. */

import { jsonSchema } from "../src/config/tree/json_schema.ts";

const text = `${JSON.stringify(jsonSchema(), null, 2)}\n`;
Deno.writeTextFileSync("docs/tungo.schema.json", text);
