import type { Action, Attempt, Change, Step } from "./plan.ts";

/** A plan as somebody reads it who wants to know what would be done: one line for each thing, what undoes it below it. */
export function printPlan(steps: readonly Step[]): string[] {
  return steps.flatMap((step) =>
    "do" in step ? printChange(step, "do") : printAttempt(step)
  );
}

/** Words behind a verb of at most four letters. */
export function printLine(verb: string, text: string): string {
  return `  ${verb.padEnd(4)} ${text}`.trimEnd();
}

function printAttempt({ ways, warning }: Attempt): string[] {
  const lines = ways.flatMap((way, i) =>
    way.flatMap((change, j) =>
      printChange(change, j > 0 ? "" : i > 0 ? "or" : "try")
    )
  );
  return [...lines, printLine("else", warning)];
}

function printChange({ do: action, undo }: Change, verb: string): string[] {
  return [
    ...printAction(action, verb),
    ...(undo === undefined ? [] : printAction(undo, "undo")),
  ];
}

function printAction(action: Action, verb: string): string[] {
  const [first, content] = "run" in action
    ? [action.run.map(quote).join(" "), action.input]
    : action.to === null
    ? [`remove ${action.file}`]
    : [`edit ${action.file}`, action.to];
  const lines = content?.replace(/\n$/, "").split("\n") ?? [];
  return [
    printLine(verb, first),
    ...lines.map((line) => printLine("", `| ${line}`)),
  ];
}

/** As a shell would want the word. */
function quote(word: string): string {
  return /^[\w./:=@%+,{}\\-]+$/.test(word) ? word : `'${word}'`;
}
