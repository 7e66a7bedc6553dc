import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../src/base/errors.ts";
import type { Flow } from "../../../src/flow/flow.ts";
import type { Handler } from "../../../src/flow/handler.ts";
import { fallback } from "../../../src/middleware/fallback.ts";
import { tcpFlow } from "../../support/flows.ts";
import { streamPair } from "../../support/stream_pair.ts";

/** Fails for flows that have a name. */
function namesFail(error: Error, tried: Flow[]): Handler {
  return (flow) => {
    tried.push(flow);
    return flow.name === undefined
      ? Promise.resolve({ via: "direct" })
      : Promise.reject(error);
  };
}

const flow = (): Flow => tcpFlow(streamPair()[0], { name: "a.example" });

Deno.test("fallback() tries the address when the name cannot be reached, and says why", async () => {
  const tried: Flow[] = [];
  const target = flow();
  const error = new DialError("unreachable", "no such name");
  assertEquals(await fallback()(target, namesFail(error, tried)), {
    via: "direct",
  });
  assertEquals(tried.map(({ name }) => name), ["a.example", undefined]);
  assertEquals(target.trace, [
    { by: "fallback", what: "by address", because: "no such name" },
  ]);
});

Deno.test("fallback() asks for a refusal to be waited for, once", async () => {
  const tried: Flow[] = [];
  const error = new DialError("refused", "no");
  await fallback()(flow(), namesFail(error, tried));
  const confirms = tried.map((flow) => flow.protocol === "tcp" && flow.confirm);
  assertEquals(confirms, [true, undefined]);
});

Deno.test("fallback() does not repeat what was no failure to dial, or has carried octets", async () => {
  const tried: Flow[] = [];
  const broken = fallback()(flow(), namesFail(new Error("a bug"), tried));
  await assertRejects(() => broken, Error, "a bug");

  const moved = { ...flow(), traffic: { sent: 1, received: 0 } };
  const error = new DialError("refused", "no");
  const failed = fallback()(moved, namesFail(error, tried));
  await assertRejects(() => failed, DialError, "no");
  assertEquals(tried.length, 2);
});

Deno.test("fallback() leaves alone what has no name", async () => {
  const [local] = streamPair();
  const target = tcpFlow(local);
  let passed: Flow | undefined;
  await fallback()(target, (flow) => {
    passed = flow;
    return Promise.resolve({ via: "direct" });
  });
  assertEquals(passed === target, true);
});

Deno.test("fallback() tries no other way where a rule has said no [E.2]", async () => {
  const tried: Flow[] = [];
  const error = new DialError("forbidden", "no", { isDecision: true });
  const run = () => fallback()(flow(), namesFail(error, tried));
  await assertRejects(run, DialError, "no");
  assertEquals(tried.length, 1);
});
