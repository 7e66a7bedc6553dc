import { DialError } from "../base/errors.ts";
import type { Middleware } from "../flow/handler.ts";

/** Asks for the address that the application chose when the name that was sniffed cannot be reached. GOST's `sniffing.fallback`. */
export function fallback(): Middleware {
  return async function fallback(flow, next) {
    if (flow.name === undefined) return await next(flow);
    try {
      return await next(
        flow.protocol === "tcp" ? { ...flow, confirm: true } : flow,
      );
    } catch (error) {
      const moved = flow.traffic.sent + flow.traffic.received > 0;
      if (!(error instanceof DialError) || moved || error.isDecision) {
        throw error;
      }
      flow.trace.push({
        by: "fallback",
        what: "by address",
        because: error.message,
      });
      const { name: _, ...rest } = flow;
      return await next(rest);
    }
  };
}
