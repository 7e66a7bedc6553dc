import { formatPosition } from "../../base/errors.ts";
import type { Place, Problems } from "../problems.ts";
import type { Mapping } from "../tree/node.ts";
import { nearest, unknown } from "../values/nearest.ts";
import { children, type Section, text } from "./section.ts";

/** Lists whose objects are referred to by name, and what one of them is called. */
const KINDS = {
  services: "service",
  chains: "chain",
  hops: "hop",
  bypasses: "bypass",
  resolvers: "resolver",
  hosts: "hosts",
  authers: "auther",
} as const;

export type Kind = keyof typeof KINDS;

export interface Unused {
  readonly kind: Kind;
  readonly name: string;
  readonly object: Section;
}

/** The objects of a document by name. */
export class References {
  readonly #objects = new Map<Kind, ReadonlyMap<string, Section>>();
  readonly #used = new Set<Mapping>();
  readonly #problems: Problems;
  #anyMayBeUsed = false;

  constructor(document: Section, problems: Problems) {
    this.#problems = problems;
    for (const kind of Object.keys(KINDS) as Kind[]) {
      this.#objects.set(kind, this.#index(children(document, kind), kind));
    }
  }

  /**
   * The object called `name`, to which `from` refers. An unknown one is an error; then the one with the nearest name is
   * returned, so that its problems are found as well.
   */
  find(kind: Kind, name: string, from: Place): Section | undefined {
    const objects = this.#objects.get(kind) ?? new Map<string, Section>();
    const near = objects.has(name) ? name : nearest(name, objects.keys());
    const found = near === undefined ? undefined : objects.get(near);
    if (found !== undefined) this.#used.add(found.node);
    if (near !== name) {
      const all = objects.size > 0
        ? `there is ${[...objects.keys()].join(", ")}`
        : `there are no ${kind}`;
      const message = unknown(KINDS[kind], name, objects.keys(), all);
      this.#problems.error(message, from);
    }
    return found;
  }

  /** What is read later may refer to whatever nothing refers to now. */
  mayBeUsedLater(): void {
    this.#anyMayBeUsed = true;
  }

  /** Warns of each object that nothing referred to, and returns them. */
  reportUnused(kinds: readonly Kind[]): readonly Unused[] {
    if (this.#anyMayBeUsed) return [];
    const unused: Unused[] = [];
    for (const kind of kinds) {
      for (const [name, object] of this.#objects.get(kind) ?? []) {
        if (this.#used.has(object.node)) continue;
        unused.push({ kind, name, object });
        this.#problems.warn(
          `The ${KINDS[kind]} "${name}" is not used by any service`,
          object,
        );
      }
    }
    return unused;
  }

  #index(
    sections: readonly Section[],
    kind: Kind,
  ): ReadonlyMap<string, Section> {
    const objects = new Map<string, Section>();
    for (const section of sections) {
      const name = text(section, "name");
      const first = objects.get(name);
      if (first !== undefined) {
        this.#problems.error(
          `Cannot use the name "${name}" for a second ${
            KINDS[kind]
          }: the first is at ${formatPosition(first.at)}`,
          section,
        );
      } else if (name !== "") {
        objects.set(name, section);
      } else if (kind !== "services") {
        this.#problems.warn(
          `Nothing can refer to a ${KINDS[kind]} without a name`,
          section,
        );
      }
    }
    return objects;
  }
}
