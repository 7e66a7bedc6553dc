/**
 * `deno task build [TARGET]...`: makes `dist/tungo-<target>` for these targets, or for all that can be made here, and
 * their `SHA256SUMS`. Two builds of one checkout are the same octets.
 */
import { createHash } from "node:crypto";
import { wintunPath } from "../ffi/wintun_path.ts";

import { type Compiler, findCompilers } from "./build/compilers.ts";
import { exists } from "./build/exists.ts";
import { drawIcon } from "./build/icon.ts";
import { run } from "./build/run.ts";
import {
  executableName,
  isTarget,
  type Target,
  TARGETS,
} from "./build/targets.ts";

const FOLDER = "dist";
const ICON = ".deno/tungo.ico";

const FLAGS = [
  "--quiet",
  "--frozen",
  // With FFI granted every other permission is within reach of the program.
  "--allow-all",
  // The cache would be a file in a folder that anybody may write to, and be believed.
  "--no-code-cache",
];

main(Deno.args).catch(fail);

async function main(args: readonly string[]): Promise<void> {
  const targets = readTargets(args);
  const findCompiler = await findCompilers(targets[0]);
  await Deno.mkdir(FOLDER, { recursive: true });
  await Deno.mkdir(".deno", { recursive: true });
  const sums: string[] = [];
  for (const target of targets) {
    const compiler = await findCompiler(target);
    if (compiler === undefined) {
      const problem = `Cannot build for ${target} as there is no denort for it`;
      if (args.length > 0) throw new Error(problem);
      say(problem);
      continue;
    }
    const name = executableName(target);
    await compile(target, compiler);
    sums.push(`${await sha256(`${FOLDER}/${name}`)}  ${name}\n`);
    say(`${FOLDER}/${name}`);
  }
  await Deno.writeTextFile(`${FOLDER}/SHA256SUMS`, sums.join(""));
}

/** At least one. */
function readTargets(args: readonly string[]): [Target, ...Target[]] {
  const all = Object.keys(TARGETS);
  const unknown = args.filter((arg) => !isTarget(arg));
  const [first, ...others] = (args.length > 0 ? args : all).filter(isTarget);
  if (unknown.length > 0 || first === undefined) {
    throw new Error(
      `Cannot build for "${unknown.join('", "')}", only for ${all.join(", ")}`,
    );
  }
  return [first, ...others];
}

async function compile(
  target: Target,
  { deno, env }: Compiler,
): Promise<void> {
  const output = `${FOLDER}/${executableName(target)}`;
  const to = ["--target", target, "--output", output];
  const more = target.includes("windows") ? await windowsFlags(target) : [];
  await run(deno, ["compile", ...FLAGS, ...to, ...more, "main.ts"], env);
}

/** The icon, and the driver's library where somebody has unpacked it here as it comes from its makers. */
async function windowsFlags(target: Target): Promise<string[]> {
  await Deno.writeFile(ICON, drawIcon());
  const library = wintunPath(
    target.startsWith("aarch64") ? "aarch64" : "x86_64",
  );
  const includes = await exists(library);
  say(includes ? `with ${library}` : `without ${library}`);
  return ["--icon", ICON, ...(includes ? ["--include", library] : [])];
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  for await (const octets of file.readable) hash.update(octets);
  return hash.digest("hex");
}

function fail(error: unknown): never {
  say(error instanceof Error ? error.message : String(error));
  Deno.exit(1);
}

function say(text: string): void {
  // deno-lint-ignore no-console -- what a build says
  console.log(text);
}
