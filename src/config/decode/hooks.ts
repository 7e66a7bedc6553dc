import type { Problems } from "../problems.ts";
import type { HookConfig, HooksConfig } from "../schema.ts";
import { readText } from "../values/read.ts";
import { splitCommands } from "../values/words.ts";
import type { Metadata } from "./metadata.ts";

/** Each hook is a list of commands, or one text that holds several, on lines of their own or with semicolons between them. */
export function decodeHooks(
  metadata: Metadata,
  problems: Problems,
): HooksConfig {
  const read = (key: string): readonly HookConfig[] => {
    const entry = metadata.entry([key]);
    if (entry === undefined) return [];
    const isList = entry.value.kind === "sequence";
    const items = entry.value.kind === "sequence"
      ? entry.value.items
      : [entry.value];
    return items.flatMap((item) => {
      const at = item.at;
      const text = item.kind === "scalar" ? readText(item) : undefined;
      const commands = text === undefined
        ? undefined
        : splitCommands(text, isList ? "" : ";\n");
      if (commands === undefined) {
        const problem = text === undefined
          ? `Cannot use this for ${key} as it takes commands`
          : `Cannot find the end of a quote in a command of ${key}`;
        problems.error(problem, { ...metadata.place(entry), at });
      }
      return (commands ?? []).map((words) => ({ at, words }));
    });
  };
  return {
    preUp: read("preUp"),
    postUp: read("postUp"),
    preDown: read("preDown"),
    postDown: read("postDown"),
  };
}
