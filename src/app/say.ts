import { ConfigError, describe, DeviceError } from "../base/errors.ts";
import { type ConfigWarning, formatProblem } from "../config/problems.ts";
import type { ReadConfig } from "../config/read_config.ts";

/** Done, failed, and misconfigured. */
export type ExitCode = 0 | 1 | 2;

/** To whoever reads the answer. */
export function say(text: string): ExitCode {
  write(Deno.stdout, text);
  return 0;
}

/** Says all that is wrong at once; warnings alone are no failure. */
export function complain(
  { errors, warnings }: Pick<ReadConfig, "errors" | "warnings">,
): ExitCode {
  const say = (what: string, problem: ConfigWarning): void =>
    write(Deno.stderr, `${what}: ${formatProblem(problem)}\n`);
  for (const warning of warnings) say("warning", warning);
  for (const error of errors) say("error", error);
  return errors.length > 0 ? 2 : 0;
}

/** What an error that nobody has caught means to whoever has started the program. */
export function fail(error: unknown): ExitCode {
  if (error instanceof ConfigError) {
    write(Deno.stderr, `error: ${formatProblem(error)}\n`);
    return 2;
  }
  write(Deno.stderr, `error: ${describe(error)}\n`);
  if (error instanceof DeviceError) {
    if (error.remedy !== undefined) write(Deno.stderr, `${error.remedy}\n`);
  } else if (error instanceof Error) {
    // A mistake of ours: where it happened matters.
    write(Deno.stderr, `${error.stack}\n`);
  }
  return 1;
}

/** All of it, whatever the sink takes at once. */
export function write(
  sink: { writeSync(octets: Uint8Array): number },
  text: string,
): void {
  let octets = new TextEncoder().encode(text);
  while (octets.length > 0) octets = octets.subarray(sink.writeSync(octets));
}
