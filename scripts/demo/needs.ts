import { isThere, run } from "./programs.ts";

/** Something that the demo needs and does not find. */
export interface Missing {
  readonly what: string;
  readonly remedy: string;
}

/**
 * Starts a program as root of new namespaces, which end with all their processes when it ends. Root's own rights are
 * enough where user namespaces are switched off.
 */
export function unshare(uid: number | null): readonly string[] {
  const user = uid === 0 ? [] : ["--user", "--map-root-user"];
  const kinds = ["--net", "--mount", "--pid", "--mount-proc"];
  return ["unshare", ...user, ...kinds, "--fork", "--kill-child"];
}

/** What is missing for namespaces with a TUN device in them; undefined when nothing is. */
export async function whatIsMissing(): Promise<Missing | undefined> {
  if (Deno.build.os !== "linux") {
    return {
      what: `Linux (this is ${Deno.build.os})`,
      remedy: "nothing to be done: tungo makes devices on Linux only, for now",
    };
  }
  for (const command of ["ip", "unshare", "nsenter"]) {
    if (await isThere(command)) continue;
    const packet = command === "ip" ? "iproute2" : "util-linux";
    return {
      what: `the command \`${command}\``,
      remedy: `install ${packet}: apt install ${packet}`,
    };
  }
  return missingDevice() ?? await missingNamespaces();
}

function missingDevice(): Missing | undefined {
  try {
    Deno.openSync(TUN, { read: true, write: true }).close();
    return undefined;
  } catch (error) {
    return error instanceof Deno.errors.PermissionDenied
      ? {
        what: `the right to open ${TUN}`,
        remedy:
          `sudo chmod 666 ${TUN}, as most systems have it, or run it by sudo`,
      }
      : {
        what: TUN,
        remedy:
          "sudo modprobe tun; of a container: start it with --device /dev/net/tun",
      };
  }
}

const TUN = "/dev/net/tun";

async function missingNamespaces(): Promise<Missing | undefined> {
  const { code, stderr } = await run([...unshare(Deno.uid()), "true"]);
  if (code === 0) return undefined;
  const said = stderr.trim().split("\n").at(-1) ?? "";
  return {
    what: `namespaces (${said})`,
    remedy: namespaceRemedy(readVariable),
  };
}

/** What systems keep user namespaces from ordinary users with, and what would let them: Ubuntu's, Debian's, everybody's. */
const LOCKS = [
  { name: "kernel.apparmor_restrict_unprivileged_userns", is: "1", open: 0 },
  { name: "kernel.unprivileged_userns_clone", is: "0", open: 1 },
  { name: "user.max_user_namespaces", is: "0", open: 10_000 },
];

/** `read` answers a kernel variable's value, undefined where there is none of that name. */
export function namespaceRemedy(
  read: (name: string) => string | undefined,
): string {
  const locked = LOCKS.filter(({ name, is }) => read(name) === is);
  if (locked.length === 0) {
    return "run it by sudo; in a container: start it with --privileged";
  }
  const words = locked.map(({ name, open }) => `${name}=${open}`);
  return `run it by sudo, or allow them: sudo sysctl ${words.join(" ")}`;
}

function readVariable(name: string): string | undefined {
  try {
    const path = `/proc/sys/${name.replaceAll(".", "/")}`;
    return Deno.readTextFileSync(path).trim();
  } catch {
    return undefined;
  }
}
