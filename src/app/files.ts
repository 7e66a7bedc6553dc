import type { Millis } from "../base/clock.ts";
import { download } from "./download.ts";

/** The files that a configuration names. */
export interface Files {
  /** Rejects where the file cannot be read. */
  readonly read: (path: string) => Promise<string>;
  /** Differs when the file has been written to. Rejects where there is none. */
  readonly stamp: (path: string) => Promise<string>;
  /** Rejects with a reason that does not show the URL. */
  readonly download: (url: string, timeout: Millis) => Promise<string>;
}

/** In characters: a list of some millions of lines. */
const MAX_DOWNLOAD = 128 * 1024 * 1024;

export function systemFiles(): Files {
  return {
    download: (url, timeout) => download(url, { timeout, max: MAX_DOWNLOAD }),
    read: (path) => Deno.readTextFile(path),
    async stamp(path) {
      const { mtime, size, ino } = await Deno.stat(path);
      return `${mtime?.getTime()} ${size} ${ino}`;
    },
  };
}
