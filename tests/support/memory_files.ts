import type { Files } from "../../src/app/files.ts";

export interface MemoryFiles extends Files {
  write(path: string, text: string): void;
  remove(path: string): void;
}

/** Files that only the test writes to. */
export function memoryFiles(
  start: Readonly<Record<string, string>> = {},
): MemoryFiles {
  const files = new Map<string, { text: string; stamp: number }>();
  let stamps = 0;
  const write = (path: string, text: string): void =>
    void files.set(path, { text, stamp: ++stamps });
  for (const [path, text] of Object.entries(start)) write(path, text);
  const get = (path: string) => {
    const file = files.get(path);
    if (file === undefined) throw new Error(`no file "${path}"`);
    return file;
  };
  return {
    write,
    remove: (path) => void files.delete(path),
    read: async (path) => await get(path).text,
    download: async (url) => await get(url).text,
    stamp: async (path) => await String(get(path).stamp),
  };
}
