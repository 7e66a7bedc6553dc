import { cString, type Libc } from "./libc.ts";

// bits/fcntl-linux.h, linux/sched.h
const O_RDONLY = 0;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const CLONE_NEWNET = 0x4000_0000;

/** Where `ip netns` keeps them. */
const FOLDER = "/run/netns";

/** Takes this thread into other network namespaces, and back. */
export class Namespaces implements Disposable {
  readonly #libc: Libc;
  /** The descriptor of our own, once another one was asked for. */
  #home: number | undefined;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** `name` as `ip netns` has it, or an absolute path. What takes the thread back, or the call that was refused. */
  enter(name: string): (() => void) | string {
    const home = this.#home ?? this.#openHome();
    if (typeof home === "string") return home;
    const path = name.startsWith("/") ? name : `${FOLDER}/${name}`;
    const there = this.#open(path);
    if (there < 0) return "open";
    const entered = this.#libc.setns(there, CLONE_NEWNET);
    this.#libc.close(there);
    return entered < 0 ? "setns" : () => this.#leave(home);
  }

  [Symbol.dispose](): void {
    if (this.#home !== undefined) this.#libc.close(this.#home);
    this.#home = undefined;
  }

  /** Whoever may not enter our own may not come back either: that is found out before the thread leaves it. */
  #openHome(): number | string {
    const home = this.#open("/proc/thread-self/ns/net");
    if (home < 0) return "open";
    if (this.#libc.setns(home, CLONE_NEWNET) < 0) {
      this.#libc.close(home);
      return "setns";
    }
    this.#home = home;
    return home;
  }

  /** At once, whatever stands there. */
  #open(path: string): number {
    return this.#libc.open(cString(path), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  }

  /**
   * What is done in the wrong namespace, also by commands that undo something, does harm: without a way back the program ends at
   * once, and its journal has the next one tidy up.
   */
  #leave(home: number): void {
    if (this.#libc.setns(home, CLONE_NEWNET) === 0) return;
    const message =
      `Cannot return to the own network namespace: setns says ${this.#libc.errno()}\n`;
    Deno.stderr.writeSync(new TextEncoder().encode(message));
    this.#libc._exit(1);
  }
}
