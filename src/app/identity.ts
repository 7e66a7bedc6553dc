import { Secret } from "../config/secret.ts";

/** Equal for what means the same, wherever it stands in a file. For comparing only: it holds passwords. */
export function identityOf(config: unknown): string {
  return JSON.stringify(config, (key, value) => {
    if (key === "at") return undefined;
    if (value instanceof Secret) return { secret: value.reveal() };
    if (value instanceof Uint8Array) return value.toHex();
    return value;
  });
}
