/** Windows for tests: the Windows Deno under Wine, with libraries and commands of ours in place of those that it has not got. */
import { createHash } from "node:crypto";
import type { Namespace } from "./netns.ts";
import { Journal } from "./program.ts";

const DENO = "2.9.6";
const PACKAGE = `deno-win32-x64-${DENO}.tgz`;
const PACKAGE_SHA256 =
  "559b622e642210e0f0af0e4581953a0a9679a21968a57b7dc8a1b1a91d09b67f";

const ROOT = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
const FOLDER = `${ROOT}/.deno/wine`;
const SOURCES = `${ROOT}/tests/support/wintun`;

// Where Debian has them.
const WINE = "/usr/lib/wine/wine64";
const WINESERVER = "/usr/lib/wine/wineserver64";
const COMPILER = "x86_64-w64-mingw32-gcc-posix";

/** What must be there for `prepareWine`. */
export const WINE_NEEDS: readonly string[] = [
  WINE,
  WINESERVER,
  COMPILER,
  "npm",
];

/** Wine 8 has no placeholders in memory: V8 looks for these by name, and does without where it does not find them. */
const UNKNOWN_TO_WINE = [
  "VirtualAlloc2\0",
  "MapViewOfFile3\0",
  "UnmapViewOfFile2\0",
];

export interface WineOptions {
  /** Of Deno. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Wine {
  /** Arguments and environment of a Linux command that runs the Windows Deno. */
  command(options: WineOptions): {
    readonly words: readonly [string, ...string[]];
    readonly env: Record<string, string>;
  };
  /** Ends all that still runs. */
  shutDown(): Promise<void>;
}

/** Made once, kept in `.deno/wine`. */
export async function prepareWine(): Promise<Wine> {
  await Deno.mkdir(`${FOLDER}/app`, { recursive: true });
  if (!exists(`${FOLDER}/app/deno.exe`)) await installDeno();
  await compile(["-shared", "wintun.c", "-lws2_32"], "wintun.dll");
  await compile(
    ["-shared", "bcryptprimitives.c", "-ladvapi32"],
    "bcryptprimitives.dll",
  );
  for (const name of ["netsh.exe", "reg.exe"]) {
    await compile(["record.c"], name);
  }
  const env = {
    WINEPREFIX: `${FOLDER}/prefix`,
    WINEDEBUG: "-all",
    // Before Wine's own netsh and reg.
    WINEPATH: `Z:${FOLDER}/app`,
  };
  if (!exists(`${FOLDER}/prefix/system.reg`)) {
    await run([WINE, "wineboot", "--init"], env);
  }
  // What a program has written down that an earlier test killed.
  const journals = `${FOLDER}/prefix/drive_c/ProgramData/tungo`;
  await Deno.remove(journals, { recursive: true }).catch(() => {});
  return {
    command: ({ args, env: more }) => ({
      words: [WINE, `${FOLDER}/app/deno.exe`, ...args],
      env: { ...env, DENO_DIR: `Z:${denoDir()}`, ...more },
    }),
    shutDown: () => run([WINESERVER, "--kill", "--wait"], env).catch(() => {}),
  };
}

async function installDeno(): Promise<void> {
  const name = `@deno/win32-x64@${DENO}`;
  await run(["npm", "pack", "--silent", name], {}, FOLDER);
  const archive = await Deno.readFile(`${FOLDER}/${PACKAGE}`);
  const hash = createHash("sha256").update(archive).digest("hex");
  if (hash !== PACKAGE_SHA256) {
    throw new Error(`${PACKAGE} is another: ${hash}`);
  }
  await run(["tar", "xzf", PACKAGE], {}, FOLDER);
  const program = await Deno.readFile(`${FOLDER}/package/deno.exe`);
  for (const symbol of UNKNOWN_TO_WINE) hide(program, symbol);
  await Deno.writeFile(`${FOLDER}/app/deno.exe`, program);
  await Deno.remove(`${FOLDER}/package`, { recursive: true });
  await Deno.remove(`${FOLDER}/${PACKAGE}`);
}

/** Makes the only place with this text another text. */
function hide(program: Uint8Array<ArrayBuffer>, text: string): void {
  const wanted = new TextEncoder().encode(text);
  const [first = 0] = wanted;
  let at = -1;
  do {
    at = program.indexOf(first, at + 1);
    if (at < 0) throw new Error(`Cannot find "${text}" in Deno`);
  } while (!wanted.every((octet, i) => program[at + i] === octet));
  program[at] = "X".charCodeAt(0);
}

async function compile(args: readonly string[], name: string): Promise<void> {
  const output = ["-O2", "-Wall", "-Wextra", "-o", `${FOLDER}/app/${name}`];
  await run([COMPILER, ...output, ...args], {}, SOURCES);
}

async function run(
  [command = "", ...args]: readonly string[],
  env: Record<string, string>,
  cwd: string = FOLDER,
): Promise<void> {
  const options = { args, env, cwd, stdin: "null" } as const;
  const { success, stderr } = await new Deno.Command(command, options).output();
  if (success) return;
  const said = new TextDecoder().decode(stderr);
  throw new Error(`Cannot run ${[command, ...args].join(" ")}: ${said}`);
}

/** Where npm's packages are: Wine shows Linux's files as its drive Z. */
function denoDir(): string {
  return Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A program under Wine in a namespace. */
export interface WineProgram {
  readonly log: Journal;
  /** All that it has written to standard output, once it has ended. */
  readonly output: Promise<string>;
  readonly ended: Promise<Deno.CommandStatus>;
  kill(signal: Deno.Signal): void;
}

export function startUnderWine(
  wine: Wine,
  space: Namespace,
  options: WineOptions,
): WineProgram {
  const { words: [command, ...args], env } = wine.command(options);
  const child = space.spawn(command, args, {
    env,
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const log = new Journal();
  void log.readAll(child.stderr);
  return {
    log,
    output: new Response(child.stdout).text(),
    ended: child.status,
    kill: (signal) => child.kill(signal),
  };
}
