import type { Place, Problems } from "../problems.ts";
import { nearest } from "../values/nearest.ts";

/** Complains of a type that is not among the supported ones: GOST has it, or nobody does. */
export function rejectType(
  what: string,
  type: string,
  { supported, known, place }: {
    readonly supported: readonly string[];
    readonly known: readonly string[];
    readonly place: Place;
  },
  problems: Problems,
): void {
  const near = nearest(type, known);
  if (known.includes(type)) {
    problems.error(
      `The ${what} "${type}" is not supported yet: use ${supported.join(", ")}`,
      place,
    );
  } else {
    problems.error(
      near === undefined
        ? `Unknown ${what} "${type}": use ${supported.join(", ")}`
        : `Unknown ${what} "${type}": did you mean "${near}"?`,
      place,
    );
  }
}
