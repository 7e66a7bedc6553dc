import type { Place, Problems } from "../problems.ts";
import { unknown } from "../values/nearest.ts";

interface Types {
  /** Like "dialer". */
  readonly what: string;
  readonly supported: readonly string[];
  /** To GOST. */
  readonly known: readonly string[];
}

/** Complains of a type that is not among the supported ones: GOST has it, or nobody does. */
export function rejectType(
  type: string,
  { what, supported, known }: Types,
  problems: Problems,
  place: Place,
): void {
  const all = `use ${supported.join(", ")}`;
  problems.error(
    known.includes(type)
      ? `The ${what} "${type}" is not supported yet: ${all}`
      : unknown(what, type, known, all),
    place,
  );
}
