/** The files that a configuration names. */
export interface Files {
  /** Rejects where the file cannot be read. */
  readonly read: (path: string) => Promise<string>;
  /** Differs when the file has been written to. Rejects where there is none. */
  readonly stamp: (path: string) => Promise<string>;
}

export function systemFiles(): Files {
  return {
    read: (path) => Deno.readTextFile(path),
    async stamp(path) {
      const { mtime, size, ino } = await Deno.stat(path);
      return `${mtime?.getTime()} ${size} ${ino}`;
    },
  };
}
