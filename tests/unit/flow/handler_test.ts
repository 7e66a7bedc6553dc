import { assertEquals } from "@std/assert";
import type { Flow, TcpFlow } from "../../../src/flow/flow.ts";
import { compose, type Middleware } from "../../../src/flow/handler.ts";

function flow(): TcpFlow {
  return {
    id: 1,
    protocol: "tcp",
    src: { host: "10.0.0.1", port: 40_000 },
    dst: { host: "192.0.2.1", port: 80 },
    signal: new AbortController().signal,
    trace: [],
    traffic: { sent: 0, received: 0 },
    accept: () => Promise.reject(new Error("not accepted here")),
    reject: () => {},
  };
}

Deno.test("compose runs middleware from the first to the last", async () => {
  const order: string[] = [];
  const step = (name: string): Middleware => async (flow, next) => {
    order.push(`${name} in`);
    const outcome = await next(flow);
    order.push(`${name} out`);
    return outcome;
  };
  const handler = compose([step("a"), step("b")], () => {
    order.push("last");
    return Promise.resolve({ via: "direct" });
  });

  assertEquals(await handler(flow()), { via: "direct" });

  assertEquals(order, ["a in", "b in", "last", "b out", "a out"]);
});

Deno.test("compose lets a middleware pass on a derived flow, and call next twice", async () => {
  const seen: (string | undefined)[] = [];
  const twice: Middleware = async (flow, next) => {
    await next({ ...flow, name: "example.com" });
    return await next(flow);
  };
  const handler = compose([twice], (flow: Flow) => {
    seen.push(flow.name);
    return Promise.resolve({ via: "direct" });
  });

  await handler(flow());

  assertEquals(seen, ["example.com", undefined]);
});
