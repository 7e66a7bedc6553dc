/** Network namespaces for end-to-end tests: made for one test, gone with it whatever happens. Linux, root, iproute2. */

export interface Namespace {
  /** As `ip netns` knows it. */
  readonly name: string;
  /** Runs `ip` in it: `ip("route add default dev tun0")`. */
  ip(words: string): Promise<string>;
  /** Sets a kernel variable: `sysctl("net.ipv4.ip_forward", 1)`. */
  sysctl(key: string, value: number | string): Promise<string>;
  /** Runs a command to its end and resolves with its output; rejects with its standard error where it fails. */
  run(command: string, ...args: string[]): Promise<string>;
  /** Starts a program that ends with the namespaces at the latest. */
  spawn(
    command: string,
    args: string[],
    options?: SpawnOptions,
  ): Deno.ChildProcess;
  /** Runs `task` with this thread inside. Sockets and devices belong for ever to the namespace in which they were opened. */
  inside<T>(task: () => T | Promise<T>): Promise<T>;
}

type SpawnOptions = Omit<Deno.CommandOptions, "args">;

/** One end of a cable. */
export interface Plug<Name extends string> {
  readonly in: Name;
  readonly device: string;
  /** Like "10.0.0.1/24" and "fd00::1/64". */
  readonly addresses: readonly string[];
}

export type Namespaces<Name extends string> =
  & AsyncDisposable
  & {
    readonly [Key in Name]: Namespace;
  }
  & {
    /** Joins two namespaces by a veth pair whose links are up. */
    cable(left: Plug<Name>, right: Plug<Name>): Promise<void>;
  };

/** `await using net = await createNamespaces("client", "server")`, then `net.client.run(…)`. Their loopback is up. */
export async function createNamespaces<Name extends string>(
  ...names: Name[]
): Promise<Namespaces<Name>> {
  await removeLeftovers();
  await using stack = new AsyncDisposableStack();
  const children = new AsyncDisposableStack();
  const unique = `${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;
  const entries: [Name, Namespace][] = [];
  for (const name of names) {
    entries.push([
      name,
      await createNamespace(`tungo-${unique}-${name}`, stack, children),
    ]);
  }
  // They end before their namespaces go.
  stack.use(children);
  const spaces = Object.fromEntries(entries) as Record<Name, Namespace>;
  const owned = stack.move();
  return {
    ...spaces,
    async cable(left, right) {
      const peer = `${spaces[right.in].name} name ${right.device}`;
      await spaces[left.in].ip(
        `link add ${left.device} type veth peer netns ${peer}`,
      );
      for (const plug of [left, right]) await plugIn(spaces[plug.in], plug);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/**
 * A test in namespaces of its own. Where the machine allows none, or a program or file of `needs` is not there, it is
 * ignored, and says what is missing.
 */
export function netnsTest<Name extends string>(
  title: string,
  names: readonly Name[],
  test: (net: Namespaces<Name>) => Promise<void>,
  needs: readonly string[] = [],
): void {
  const missing = whatIsMissing(needs);
  // deno-lint-ignore no-console -- a test that does not run must be seen not to
  if (missing !== undefined) console.log(`SKIP: ${title}: needs ${missing}`);
  Deno.test({
    name: title,
    ignore: missing !== undefined,
    async fn() {
      await using net = await createNamespaces(...names);
      await test(net);
    },
  });
}

function whatIsMissing(needs: readonly string[]): string | undefined {
  if (Deno.build.os !== "linux") return "Linux";
  if (Deno.uid() !== 0) return "root";
  if (!exists("/dev/net/tun")) return "/dev/net/tun";
  const programs = ["ip", "unshare", ...needs];
  const missing = programs.find((program) => !isThere(program));
  if (missing !== undefined) return missing;
  // Root in a container may be allowed neither.
  const tun = ["--net", "ip", "tuntap", "add", "tun0", "mode", "tun"];
  const { success } = new Deno.Command("unshare", {
    args: tun,
    stdout: "null",
    stderr: "null",
  }).outputSync();
  return success ? undefined : "the right to make a namespace and a TUN in it";
}

/** A file by its path, or a program by its name. */
function isThere(needed: string): boolean {
  if (needed.includes("/")) return exists(needed);
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return folders.some((folder) => exists(`${folder}/${needed}`));
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Those of test runs that were killed. */
async function removeLeftovers(): Promise<void> {
  for (const { name } of list("/run/netns")) {
    const pid = /^tungo-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && list(`/proc/${pid}`).length === 0) {
      // Another run may be as quick.
      await run("ip", ["netns", "del", name]).catch(() => {});
    }
  }
}

function list(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch {
    return [];
  }
}

async function createNamespace(
  name: string,
  stack: AsyncDisposableStack,
  children: AsyncDisposableStack,
): Promise<Namespace> {
  await run("ip", ["netns", "add", name]);
  stack.defer(async () => {
    await run("ip", ["netns", "del", name]);
  });
  const exec = ["netns", "exec", name];
  const space: Namespace = {
    name,
    ip: (words) => run("ip", ["-n", name, ...words.split(" ")]),
    sysctl(key, value) {
      const file = `/proc/sys/${key.replaceAll(".", "/")}`;
      return space.run("sh", "-c", `echo ${value} > ${file}`);
    },
    run: (command, ...args) => run("ip", [...exec, command, ...args]),
    spawn(command, args, options) {
      const child = new Deno.Command("ip", {
        ...options,
        args: [...exec, command, ...args],
      }).spawn();
      children.defer(() => end(child));
      return child;
    },
    inside: (task) => inside(name, task),
  };
  await space.ip("link set lo up");
  return space;
}

async function plugIn(
  space: Namespace,
  { device, addresses }: Plug<string>,
): Promise<void> {
  await space.ip(`link set ${device} up`);
  for (const address of addresses) {
    const nodad = address.includes(":") ? " nodad" : "";
    await space.ip(`addr add ${address} dev ${device}${nodad}`);
  }
}

/** How long a program may take to end when it is told to, in ms. */
const FAREWELL = 5000;

async function end(child: Deno.ChildProcess): Promise<void> {
  const kill = (signal: Deno.Signal): void => {
    try {
      child.kill(signal);
    } catch {
      // It has ended by itself.
    }
  };
  kill("SIGTERM");
  const timer = setTimeout(() => kill("SIGKILL"), FAREWELL);
  await child.status;
  clearTimeout(timer);
}

async function run(command: string, args: string[]): Promise<string> {
  const { success, code, stdout, stderr } = await new Deno.Command(command, {
    args,
  }).output();
  const text = new TextDecoder();
  if (success) return text.decode(stdout);
  const line = [command, ...args].join(" ");
  throw new Error(`${line} (exit code ${code}): ${text.decode(stderr).trim()}`);
}

const CLONE_NEWNET = 0x40000000;

async function inside<T>(
  name: string,
  task: () => T | Promise<T>,
): Promise<T> {
  const library = Deno.dlopen("libc.so.6", {
    open: { parameters: ["buffer", "i32"], result: "i32" }, // const char *pathname, int flags
    close: { parameters: ["i32"], result: "i32" }, // int fd
    setns: { parameters: ["i32", "i32"], result: "i32" }, // int fd, int nstype
  });
  const { open, close, setns } = library.symbols;
  const path = (text: string) => new TextEncoder().encode(`${text}\0`);
  const home = open(path("/proc/thread-self/ns/net"), 0);
  const there = open(path(`/run/netns/${name}`), 0);
  try {
    if (setns(there, CLONE_NEWNET) !== 0) throw new Error(`setns: ${name}`);
    return await task();
  } finally {
    setns(home, CLONE_NEWNET);
    close(there);
    close(home);
    library.close();
  }
}
