import type { Position } from "../../base/errors.ts";
import {
  type Mapping,
  mapping,
  type Node,
  scalar,
  sequence,
} from "../tree/node.ts";

/** The objects that options of the command line define, and the names that GOST gives to them: bypass-0, bypass-1, … */
export class Definitions {
  readonly #lists = new Map<string, Mapping[]>();

  /** Adds an object to the list `kind` and returns its name. */
  add(
    { kind, prefix }: { readonly kind: string; readonly prefix: string },
    members: Readonly<Record<string, Node | undefined>>,
    at: Position,
  ): Node {
    const list = this.#lists.get(kind) ?? [];
    this.#lists.set(kind, list);
    const name = scalar(`${prefix}-${list.length}`, at);
    list.push(mapping({ name, ...members }, at));
    return name;
  }

  lists(at: Position): Readonly<Record<string, Node>> {
    return Object.fromEntries(
      [...this.#lists].map(([kind, items]) => [kind, sequence(items, at)]),
    );
  }
}
