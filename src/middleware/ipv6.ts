import type { Middleware } from "../flow/handler.ts";

/** Has rules tell TCP flows from IPv6 sources from those of IPv4. GOST's `ipv6`. */
export function ipv6(): Middleware {
  return async function ipv6(flow, next) {
    const named = flow.protocol === "tcp" && flow.src.host.includes(":");
    return await next(named ? { ...flow, network: "tcp6" } : flow);
  };
}
