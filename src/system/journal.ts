import type { Action } from "./plan.ts";

/** What a program that was killed has left to be undone. Written before each change, removed after an orderly end. */
export interface Journal {
  readonly device: string;
  /** In the order in which they are to be run. */
  readonly undo: readonly Action[];
}

const VERSION = 1;

export function encodeJournal({ device, undo }: Journal): string {
  return JSON.stringify({ version: VERSION, device, undo }, undefined, 2) +
    "\n";
}

/** Undefined for anything that `encodeJournal` has not written. */
export function decodeJournal(text: string): Journal | undefined {
  const value = parseJson(text);
  if (!isRecord(value) || value["version"] !== VERSION) return undefined;
  const { device, undo } = value as { device: unknown; undo: unknown };
  if (typeof device !== "string" || !Array.isArray(undo)) return undefined;
  return undo.every(isAction) ? { device, undo } : undefined;
}

/** What to undo now. Nothing while the device is there: its program lives. */
export function leftovers(
  { device, undo }: Journal,
  devices: ReadonlySet<string>,
): readonly Action[] {
  return devices.has(device) ? [] : undo;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isAction(value: unknown): value is Action {
  if (!isRecord(value)) return false;
  const { run, input, file, from, to } = value as Record<string, unknown>;
  if (run !== undefined) {
    return Array.isArray(run) && run.length > 0 && run.every(isString) &&
      (input === undefined || isString(input));
  }
  return isString(file) && isStringOrNull(from) && isStringOrNull(to);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isStringOrNull(value: unknown): value is string | null {
  return value === null || isString(value);
}
