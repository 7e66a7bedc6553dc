import type { Millis } from "../../base/clock.ts";

const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  "µs": 1e3,
  "μs": 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3_600e9,
};

/** Go's syntax, such as `1m30s`, `1.5h` or `-2s`; a unit is mandatory but for 0. */
export function parseDuration(text: string): Millis | undefined {
  const [, sign, amount = ""] = /^([+-]?)(.+)$/.exec(text) ?? [];
  if (amount === "0") return 0;
  const parts = /^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
  if (!parts.test(amount)) return undefined;
  let sum = 0;
  for (const [, number, unit] of amount.matchAll(/([\d.]+)([^\d.]+)/g)) {
    sum += Number(number) * (NANOSECONDS[unit ?? ""] ?? 0);
  }
  return (sign === "-" ? -sum : sum) / 1e6;
}

/** As Go prints it: `1m30s`, `8760h0m0s`, `1.5ms`, `0s`. */
export function formatDuration(duration: Millis): string {
  const sign = duration < 0 ? "-" : "";
  const length = Math.abs(duration);
  if (length === 0) return "0s";
  if (length < 1e-3) return `${sign}${decimal(length * 1e6, 0)}ns`;
  if (length < 1) return `${sign}${decimal(length * 1e3, 3)}µs`;
  if (length < 1_000) return `${sign}${decimal(length, 6)}ms`;
  const seconds = decimal((length % 60_000) / 1_000, 9);
  const minutes = Math.floor(length / 60_000);
  if (minutes === 0) return `${sign}${seconds}s`;
  if (minutes < 60) return `${sign}${minutes}m${seconds}s`;
  return `${sign}${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}s`;
}

function decimal(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
