import { ConfigError } from "../../base/errors.ts";

/** What `--fault` says: probabilities from 0 to 1, and a seed where it gives one. */
export interface CommandFaults {
  readonly loss: number;
  readonly reorder: number;
  readonly duplicate: number;
  readonly seed?: number;
}

const SHARES = ["loss", "reorder", "duplicate"] as const;

/** Reads "loss=1%,reorder=2%,seed=7". */
export function parseFaults(text: string): CommandFaults | ConfigError {
  const given = new Map<string, number>();
  for (const part of text.split(",")) {
    const [, name = "", value = ""] = /^([^=]*)=?([^]*)$/.exec(part) ?? [];
    const isShare = SHARES.some((share) => share === name);
    if (!isShare && name !== "seed") {
      return fault(
        `Unknown fault "${name}": write loss, reorder, duplicate or seed`,
      );
    }
    const number = isShare ? parseShare(value) : parseSeed(value);
    if (number === undefined) {
      const form = isShare ? "a share like 1% or 0.01" : "a whole number";
      return fault(`Cannot use "${value}" as ${name}: write ${form}`);
    }
    given.set(name, number);
  }
  const [loss = 0, reorder = 0, duplicate = 0] = SHARES.map((share) =>
    given.get(share)
  );
  const seed = given.get("seed");
  const shares = { loss, reorder, duplicate };
  return seed === undefined ? shares : { ...shares, seed };
}

function parseShare(text: string): number | undefined {
  if (!/^(\d+\.?\d*|\.\d+)%?$/.test(text)) return undefined;
  const share = parseFloat(text) / (text.endsWith("%") ? 100 : 1);
  return share <= 1 ? share : undefined;
}

function parseSeed(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function fault(message: string): ConfigError {
  return new ConfigError(message, "", { file: "--fault", line: 0, column: 0 });
}
