import { exists } from "./exists.ts";
import { withoutMachOPayload } from "./macho.ts";
import { run } from "./run.ts";
import { executableName, type Target, TARGETS } from "./targets.ts";

const HERE = import.meta.dirname ?? ".";
const REQUIREMENTS = `${HERE}/denort_2_7_14.txt`;

/** What a program's own octets begin with, and its last octets' count before the end (u64, little endian). */
const PAYLOAD_MAGIC = "d3n0l4nd";
const COUNT_SIZE = 8;

/**
 * The path of Deno 2.7.14's denort for a target, which stays in `.deno`; undefined where no package has it. Rejects where the
 * package is another than we know.
 */
export async function denort(target: Target): Promise<string | undefined> {
  const platform = TARGETS[target];
  if (platform === null) return undefined;
  const path = `.deno/2.7.14/denort/${executableName(target)}`;
  if (await exists(path)) return path;
  const folder = await Deno.makeTempDir();
  try {
    const program = await download(platform, folder);
    await Deno.mkdir(".deno/2.7.14/denort", { recursive: true });
    await Deno.writeFile(path, withoutPayload(program, target), {
      mode: 0o755,
    });
    return path;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function download(
  platform: string,
  folder: string,
): Promise<Uint8Array<ArrayBuffer>> {
  await run("pip", [
    "download",
    "--quiet",
    "--no-deps",
    "--require-hashes",
    "--only-binary=:all:",
    ...["--platform", platform],
    ...["--dest", folder],
    ...["--requirement", REQUIREMENTS],
  ]);
  const wheel = await onlyOne(folder, (name) => name.endsWith(".whl"));
  await run("python3", ["-m", "zipfile", "--extract", wheel, folder]);
  const packed = await onlyOne(folder, (name) => name.endsWith(".data"));
  return await Deno.readFile(await onlyOne(`${packed}/scripts`, () => true));
}

async function onlyOne(
  folder: string,
  matches: (name: string) => boolean,
): Promise<string> {
  for await (const { name } of Deno.readDir(folder)) {
    if (matches(name)) return `${folder}/${name}`;
  }
  throw new Error(`Cannot find what was downloaded in "${folder}"`);
}

/** `deno compile` replaces the payload of a Windows program by itself, as it is a resource; in an ELF file it would stand behind ours. */
function withoutPayload(
  program: Uint8Array<ArrayBuffer>,
  target: Target,
): Uint8Array<ArrayBuffer> {
  if (target.includes("windows")) return program;
  if (target.includes("apple")) {
    const cut = withoutMachOPayload(program);
    if (cut !== undefined) return cut;
    throw new Error(`Cannot find the payload in the package for ${target}`);
  }
  const view = new DataView(program.buffer);
  const count = Number(view.getBigUint64(program.length - COUNT_SIZE, true));
  const start = program.length - count;
  const magic = program.subarray(start, start + PAYLOAD_MAGIC.length);
  if (new TextDecoder().decode(magic) !== PAYLOAD_MAGIC) {
    throw new Error(`Cannot find the payload in the package for ${target}`);
  }
  return program.subarray(0, start);
}
