import { formatPosition } from "../base/errors.ts";
import { type Decision, outcomeOf } from "./decision.ts";
import type { Rule } from "./rules.ts";

/** What a decision says of a rule. */
export interface Verdict {
  readonly passed: boolean;
  /** For people; what went otherwise, and why. */
  readonly text: string;
}

export function judge(rule: Rule, decision: Decision): Verdict {
  const { outcome, via, at, text } = rule;
  const [by] = decision.way?.interfaces ?? [];
  const passed = outcomeOf(decision) === outcome &&
    (via === undefined || via === by);
  const where = `${formatPosition(at)}: ${text}`;
  return passed
    ? { passed, text: `ok      ${where}` }
    : { passed, text: `FAILED  ${where}\n        ${whatItDoes(decision)}` };
}

function whatItDoes(decision: Decision): string {
  const { steps, way, answered } = decision;
  const outcome = outcomeOf(decision);
  const what = way === undefined
    ? (answered ? "It is answered here" : "It is turned down")
    : way.nodes.length === 0
    ? "It goes direct"
    : `It goes through ${outcome}`;
  const [by] = way?.interfaces ?? [];
  const via = by === undefined ? "" : ` via ${by}`;
  const reasons = steps.filter(({ because }) => because !== undefined)
    .map(({ by, what, because }) => `${by}: ${what} (${because})`);
  const why = reasons.length === 0 ? "no rule applies" : reasons.join("; ");
  return `${what}${via}: ${why}`;
}
