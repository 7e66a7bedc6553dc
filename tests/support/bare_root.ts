/** A root folder for `chroot` with nothing in it but an executable, `ip` and the libraries of both. Linux, root. */

export interface BareRoot extends AsyncDisposable {
  /** Starts the executable in it, with nothing but a PATH in its environment; in a mount namespace of its own. */
  readonly command: readonly string[];
}

const PROGRAM = "/tungo";

/** A Deno executable finds itself by /proc/self/exe. */
const START = `mount -t proc proc "$1/proc" && mount -t sysfs sys "$1/sys" &&
  exec env -i PATH=/usr/sbin chroot "$@"`;

export async function makeBareRoot(executable: string): Promise<BareRoot> {
  const root = await Deno.makeTempDir({ prefix: "tungo-root-" });
  const ip = await programPath("ip");
  await install(executable, `${root}${PROGRAM}`);
  await install(ip, `${root}/usr/sbin/ip`);
  for (const library of await librariesOf(executable, ip)) {
    await install(library, `${root}${library}`);
  }
  for (const folder of ["dev/net", "etc", "proc", "run", "sys"]) {
    await Deno.mkdir(`${root}/${folder}`, { recursive: true });
  }
  await output("mknod", `${root}/dev/null`, "c", "1", "3");
  await output("mknod", `${root}/dev/net/tun`, "c", "10", "200");
  return {
    command: ["sh", "-c", START, "sh", root, PROGRAM],
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

async function install(from: string, to: string): Promise<void> {
  await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
  await Deno.copyFile(from, to);
}

async function programPath(name: string): Promise<string> {
  const path = await output("sh", "-c", `command -v ${name}`);
  return await Deno.realPath(path.trim());
}

/** And their loader, as `ldd` lists them. */
async function librariesOf(...programs: string[]): Promise<Set<string>> {
  const text = await output("ldd", ...programs);
  return new Set(
    [...text.matchAll(/\s(\/\S+) \(0x/g)].map(([, path]) => path ?? ""),
  );
}

async function output(command: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args })
    .output();
  const text = new TextDecoder();
  if (!success) throw new Error(`${command}: ${text.decode(stderr)}`);
  return text.decode(stdout);
}
