import type { Middleware } from "../flow/handler.ts";
import type { FakeAddresses } from "../names/fake_addresses.ts";
import { parseAddress } from "../wire/address.ts";

/** Sends flows to fake addresses to the names that these stand for. */
export function unfake(fakes: FakeAddresses): Middleware {
  return async function unfake(flow, next) {
    const { host, port } = flow.dst;
    const address = parseAddress(host);
    if (address === undefined || !fakes.has(address)) return await next(flow);
    const name = fakes.nameOf(address);
    if (name === undefined) {
      const because =
        `${host} stands for no name: it was given away before a restart, or too long ago`;
      flow.trace.push({ by: "dns.fake", what: "unreachable", because });
      flow.reject("unreachable");
      return { via: "unreachable" };
    }
    flow.trace.push({ by: "dns.fake", what: name, name, minor: true });
    return await next({ ...flow, dst: { host: name, port } });
  };
}
