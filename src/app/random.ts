import type { Context } from "./context.ts";

/** In [0, 1). */
export function randomOf({ random }: Pick<Context, "random">): () => number {
  return () => {
    const octets = new Uint8Array(4);
    random(octets);
    return new DataView(octets.buffer).getUint32(0) / 2 ** 32;
  };
}
