import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Collects everything that nobody holds any more, then has the C library return what is free. V8 hides its collector unless
 * it is started with a flag, which node:v8 sets later as well (Deno 2.9; with 2.7 nothing is collected).
 */
export function createGiveBack(trim: () => void): () => void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext(
    'typeof gc === "function" ? gc : undefined',
  );
  return () => {
    if (typeof collect === "function") collect();
    trim();
  };
}
