import { ConfigError, formatPosition, type Position } from "../base/errors.ts";

export interface Place {
  /** Like `services[0].listener.metadata.mtu`; empty for the document itself. */
  readonly path: string;
  readonly at: Position;
}

/** Something that was accepted although it has no effect, or less than one might think. */
export interface ConfigWarning extends Place {
  readonly message: string;
}

/** Collects whatever is wrong, so that all of it is reported at once. The same sentence of the same place counts once. */
export class Problems {
  readonly #errors: ConfigError[] = [];
  readonly #warnings: ConfigWarning[] = [];
  readonly #seen = new Set<string>();

  /** `message` says what was tried, with what, and what would do. It never holds a secret. */
  error(message: string, { path, at }: Place): void {
    if (this.#isNew(message, at)) {
      this.#errors.push(new ConfigError(message, path, at));
    }
  }

  warn(message: string, { path, at }: Place): void {
    if (this.#isNew(message, at)) this.#warnings.push({ message, path, at });
  }

  /** File by file, each from its start to its end. */
  errors(): readonly ConfigError[] {
    return inOrder(this.#errors);
  }

  /** In the same order. */
  warnings(): readonly ConfigWarning[] {
    return inOrder(this.#warnings);
  }

  #isNew(message: string, at: Position): boolean {
    const key = `${formatPosition(at)} ${message}`;
    return this.#seen.size < this.#seen.add(key).size;
  }
}

function inOrder<T extends Place>(problems: readonly T[]): readonly T[] {
  const files = [...new Set(problems.map(({ at }) => at.file))];
  return files.flatMap((file) =>
    problems.filter(({ at }) => at.file === file).sort((a, b) =>
      a.at.line - b.at.line || a.at.column - b.at.column
    )
  );
}

/** `config.yaml:31:5: message (services[0].listener)`. */
export function formatProblem(problem: ConfigWarning): string {
  const where = problem.path === "" ? "" : ` (${problem.path})`;
  return `${formatPosition(problem.at)}: ${problem.message}${where}`;
}
