import type { Clock, Millis } from "../base/clock.ts";

/** Editors write in several steps: it is told when they are through. */
const SETTLING: Millis = 200;

/** Calls `onChange` when one of `paths` has been written, replaced or made. Where a folder cannot be watched, rejects with the system's error. */
export function watchFiles(
  paths: readonly string[],
  { clock, onChange }: {
    readonly clock: Clock;
    readonly onChange: () => void;
  },
): Disposable {
  const wanted = new Set(paths.map(absolute));
  const folders = new Set([...wanted].map(folderOf));
  // A file that is replaced is another one: it is its folder that is told of it.
  const watcher = Deno.watchFs([...folders], { recursive: false });
  let timer: Disposable | undefined;
  const follow = async (): Promise<void> => {
    for await (const { kind, paths } of watcher) {
      if (kind === "access" || !paths.some((path) => wanted.has(path))) {
        continue;
      }
      timer?.[Symbol.dispose]();
      timer = clock.callAt(clock.now() + SETTLING, onChange);
    }
  };
  void follow();
  return {
    [Symbol.dispose]() {
      timer?.[Symbol.dispose]();
      watcher.close();
    },
  };
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}
