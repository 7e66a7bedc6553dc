import type { Log } from "../base/log.ts";
import type { HooksConfig } from "../config/schema.ts";
import { runHooks } from "./execute.ts";

const STAGES = {
  preUp: "pre-up",
  postUp: "post-up",
  preDown: "pre-down",
  postDown: "post-down",
} as const;

/** Runs a service's hooks of a stage. */
export function hooksOf(
  hooks: HooksConfig,
  environment: Readonly<Record<string, string>>,
  log: Log,
): (stage: keyof HooksConfig) => Promise<void> {
  return (stage) =>
    runHooks(hooks[stage].map(({ words }) => words), {
      stage: STAGES[stage],
      environment,
      log,
    });
}
