/** What a matcher's rule says: GOST's grammar, which is Traefik's. */
export type RuleSyntax =
  | {
    readonly kind: "call";
    readonly name: string;
    readonly args: readonly string[];
    /** The character of the rule, from 1. */
    readonly at: number;
  }
  | { readonly kind: "not"; readonly of: RuleSyntax }
  | { readonly kind: "and" | "or"; readonly of: readonly RuleSyntax[] };

/** A clause without a subject, and the character that it is about, from 1. */
export interface RuleProblem {
  readonly problem: string;
  readonly at: number;
}

/** How deep parentheses and negations may go: more than anybody can read. */
const MAX_DEPTH = 50;

/** `!` binds more tightly than `&&`, that more tightly than `||`. Texts stand in `…`, "…" or '…'. */
export function parseRule(text: string): RuleSyntax | RuleProblem {
  return new RuleParser(text).parse();
}

class RuleParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): RuleSyntax | RuleProblem {
    const rule = this.#list("or");
    if ("problem" in rule) return rule;
    this.#skipSpace();
    return this.#at === this.#text.length
      ? rule
      : this.#wrong("there is no && or || before it");
  }

  #list(kind: "or" | "and"): RuleSyntax | RuleProblem {
    const of: RuleSyntax[] = [];
    do {
      const rule = kind === "or" ? this.#list("and") : this.#unary();
      if ("problem" in rule) return rule;
      of.push(rule);
    } while (this.#take(kind === "or" ? "||" : "&&"));
    const [only] = of;
    return only !== undefined && of.length === 1 ? only : { kind, of };
  }

  #unary(): RuleSyntax | RuleProblem {
    if (++this.#depth > MAX_DEPTH) return this.#wrong("it goes too deep");
    const rule = this.#take("!") ? this.#negated() : this.#primary();
    this.#depth--;
    return rule;
  }

  #negated(): RuleSyntax | RuleProblem {
    const of = this.#unary();
    return "problem" in of ? of : { kind: "not", of };
  }

  #primary(): RuleSyntax | RuleProblem {
    if (!this.#take("(")) return this.#call();
    const rule = this.#list("or");
    if ("problem" in rule) return rule;
    return this.#take(")") ? rule : this.#wrong('a ")" is missing');
  }

  #call(): RuleSyntax | RuleProblem {
    this.#skipSpace();
    const at = this.#at + 1;
    const [name] = /^[A-Za-z]+/.exec(this.#text.slice(this.#at)) ?? [];
    if (name === undefined) return this.#wrong("a function is missing");
    this.#at += name.length;
    if (!this.#take("(")) return this.#wrong('a "(" is missing');
    const args: string[] = [];
    do {
      const argument = this.#argument();
      if (typeof argument !== "string") return argument;
      args.push(argument);
    } while (this.#take(","));
    return this.#take(")")
      ? { kind: "call", name, args, at }
      : this.#wrong('a ")" is missing');
  }

  #argument(): string | RuleProblem {
    this.#skipSpace();
    const rest = this.#text.slice(this.#at);
    const [whole, raw, double, single] =
      /^(?:`([^`]*)`|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')/.exec(rest) ?? [];
    if (whole === undefined) return this.#wrong("a text in `…` is missing");
    this.#at += whole.length;
    return raw ?? (double ?? single ?? "").replaceAll(/\\(.)/g, "$1");
  }

  #take(word: string): boolean {
    this.#skipSpace();
    const found = this.#text.startsWith(word, this.#at);
    if (found) this.#at += word.length;
    return found;
  }

  #skipSpace(): void {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at++;
  }

  #wrong(problem: string): RuleProblem {
    return { problem, at: this.#at + 1 };
  }
}
