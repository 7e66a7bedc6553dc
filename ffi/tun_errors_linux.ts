import { DeviceError } from "../src/base/errors.ts";
import type { errnoName } from "./errno.ts";
import { cString, type Libc } from "./libc.ts";

type Errno = ReturnType<typeof errnoName>;

export const NEEDS_NET_ADMIN =
  "Run tungo as root, or give it CAP_NET_ADMIN (in a container: --cap-add=NET_ADMIN)";

/** Why /dev/net/tun could not be opened. */
export function describeOpenFailure(errno: Errno): DeviceError {
  const what = `Cannot open "/dev/net/tun": ${errno}`;
  return new DeviceError("open", errno, what, openRemedy(errno));
}

function openRemedy(errno: Errno): string | undefined {
  switch (errno) {
    case "ENOENT":
    case "ENODEV":
    case "ENXIO":
      return "Load the driver (modprobe tun), or hand the device to the container (--device=/dev/net/tun)";
    case "EACCES":
    case "EPERM":
      return NEEDS_NET_ADMIN;
    default:
      return undefined;
  }
}

/** Why the kernel would not give us a device of this name. */
export function describeAttachFailure(
  name: string,
  errno: Errno,
  libc: Libc,
): DeviceError {
  const { reason, remedy } = attachReason(name, errno, libc);
  const what = `Cannot make the device "${name}": ${reason}`;
  return new DeviceError("ioctl(TUNSETIFF)", errno, what, remedy);
}

function attachReason(
  name: string,
  errno: Errno,
  libc: Libc,
): { readonly reason: string; readonly remedy?: string } {
  if (errno === "EPERM") return { reason: errno, remedy: NEEDS_NET_ADMIN };
  if (errno === "EBUSY") {
    const user = findUser(name);
    const by = user === undefined ? "" : ` by ${user}`;
    return {
      reason: `it is in use${by} (${errno})`,
      remedy: "Stop the other program, or choose another name=",
    };
  }
  if (errno === "EINVAL") {
    const taken = libc.if_nametoindex(cString(name)) !== 0;
    return {
      reason: taken
        ? `another kind of interface has this name (${errno})`
        : `not a name for an interface (${errno})`,
      remedy: "Choose another name=",
    };
  }
  return { reason: errno };
}

/** "gost (process 4711)", where /proc tells; only ever read once an open has failed. */
function findUser(name: string): string | undefined {
  for (const { name: pid } of list("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const holds = list(`/proc/${pid}/fdinfo`).some((entry) =>
      read(`/proc/${pid}/fdinfo/${entry.name}`).includes(`\niff:\t${name}\n`)
    );
    if (holds) return `${read(`/proc/${pid}/comm`).trim()} (process ${pid})`;
  }
  return undefined;
}

function list(path: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(path)];
  } catch {
    // Ended meanwhile, or not ours to see.
    return [];
  }
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
