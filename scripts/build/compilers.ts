import { denort } from "./denort_2_7_14.ts";
import { run } from "./run.ts";
import type { Target } from "./targets.ts";

/** A Deno that can compile for a target. */
export interface Compiler {
  readonly deno: string;
  /** For its environment. */
  readonly env: Record<string, string>;
}

/** Finds one for each target; undefined where there is none. */
export type FindCompiler = (target: Target) => Promise<Compiler | undefined>;

const FALLBACK = "2.7.14";

/**
 * The running Deno where it can download the runtime that it puts into executables, denort; otherwise Deno 2.7.14,
 * whose denort can be had from Python's packages. One Deno makes all executables of a build.
 */
export async function findCompilers(target: Target): Promise<FindCompiler> {
  const running = { deno: Deno.execPath(), env: {} };
  const reason = await whyNot(running, target);
  if (reason === undefined) return () => Promise.resolve(running);
  say(`Deno ${Deno.version.deno} cannot get its denort here: ${reason}`);
  say(`Deno ${FALLBACK} compiles instead: for trying, not for a release`);
  const deno = await installFallback();
  return async (target) => {
    const runtime = await denort(target);
    return runtime === undefined
      ? undefined
      : { deno, env: { DENORT_BIN: runtime } };
  };
}

/** Why it cannot compile an empty program for the target, in its last words. */
async function whyNot(
  { deno }: Compiler,
  target: Target,
): Promise<string | undefined> {
  const folder = await Deno.makeTempDir();
  try {
    const program = `${folder}/empty.ts`;
    await Deno.writeTextFile(program, "");
    const output = ["--target", target, "--output", `${folder}/empty`];
    await run(deno, ["compile", "--quiet", "--no-config", ...output, program]);
    return undefined;
  } catch (error) {
    const words = /^ +\d+: (error sending .*)$/m.exec(String(error));
    return words?.[1] ?? String(error);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function installFallback(): Promise<string> {
  const folder = `.deno/${FALLBACK}`;
  const quiet = ["--silent", "--no-audit", "--no-fund", "--no-save"];
  await run("npm", [
    "install",
    ...quiet,
    "--prefix",
    folder,
    `deno@${FALLBACK}`,
  ]);
  return `${folder}/node_modules/.bin/deno`;
}

function say(text: string): void {
  // deno-lint-ignore no-console -- what a build says
  console.log(text);
}
