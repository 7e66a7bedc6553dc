import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../src/base/errors.ts";
import type { Endpoint } from "../../../src/flow/flow.ts";
import { deferred, type Peer, READY } from "../../../src/flow/stream.ts";
import type { Association } from "../../../src/outbound/association.ts";
import { Associations } from "../../../src/outbound/associations.ts";
import { udpFlow } from "../../support/flows.ts";
import { settle } from "../../support/manual_clock.ts";
import { ascii } from "../../support/octets.ts";

const A = { host: "192.0.2.1", port: 53 };
const B = { host: "192.0.2.2", port: 53 };
const STRANGER = { host: "192.0.2.9", port: 9 };

interface Opened {
  readonly src: Endpoint;
  readonly signal: AbortSignal;
  readonly opening: PromiseWithResolvers<Association>;
  readonly closed: PromiseWithResolvers<void>;
  /** "ping 192.0.2.1". */
  readonly sent: string[];
  receive: (payload: Uint8Array, from: Peer) => void;
  disposed: boolean;
}

function begin() {
  const opened: Opened[] = [];
  const associations = new Associations(({ src, signal }) => {
    const one: Opened = {
      src,
      signal,
      opening: deferred(),
      closed: deferred(),
      sent: [],
      receive: () => {},
      disposed: false,
    };
    opened.push(one);
    return one.opening.promise;
  });
  /** The node agrees to the association that was asked for as number `at`. */
  const agree = (at: number): Opened => {
    const one = opened[at];
    if (one === undefined) throw new Error("nobody has asked");
    one.opening.resolve({
      closed: one.closed.promise,
      send: (payload, to) =>
        one.sent.push(`${new TextDecoder().decode(payload)} ${to.host}`),
      deliver: (onDatagram) => one.receive = onDatagram,
      [Symbol.asyncDispose]: () => {
        one.disposed = true;
        return READY;
      },
    });
    return one;
  };
  return { associations, opened, agree };
}

Deno.test("Associations opens one for all targets of a source, and each hears its own [RFC 4787 §4.1]", async () => {
  const { associations, opened, agree } = begin();
  const waiting = [A, B].map((to) => associations.dial(udpFlow(), to));
  const node = agree(0);
  const [a, b] = await Promise.all(waiting);
  const got: string[] = [];
  a?.deliver((payload) => got.push(`a ${payload.length}`));
  b?.deliver((payload) => got.push(`b ${payload.length}`));
  a?.send(ascii("ping"));
  b?.send(ascii("pong"));
  for (const from of [{ ...B }, { ...A }]) {
    node.receive(new Uint8Array(1), from);
    node.receive(new Uint8Array(2), from);
  }
  assertEquals(opened.length, 1);
  assertEquals(node.sent, ["ping 192.0.2.1", "pong 192.0.2.2"]);
  assertEquals(got, ["b 1", "b 2", "a 1", "a 2"]);
});

Deno.test("Associations opens one for each source", async () => {
  const { associations, opened, agree } = begin();
  const src = { host: "10.0.0.2", port: 40_001 };
  const waiting = [
    associations.dial(udpFlow(), A),
    associations.dial(udpFlow({ src }), A),
  ];
  for (const at of [0, 1]) agree(at);
  await Promise.all(waiting);
  assertEquals(opened.map(({ src }) => src.port), [40_000, 40_001]);
});

Deno.test("Associations lets strangers reach the application as long as one flow is left [RFC 4787 §5]", async () => {
  const { associations, agree } = begin();
  const waiting = [A, B].map((to) => associations.dial(udpFlow(), to));
  const node = agree(0);
  const [a, b] = await Promise.all(waiting);
  const got: unknown[] = [];
  a?.deliver((_, from) => got.push(["a", from]));
  b?.deliver((_, from) => got.push(["b", from]));
  node.receive(new Uint8Array(1), STRANGER);
  await a?.[Symbol.asyncDispose]();
  node.receive(new Uint8Array(1), STRANGER);
  node.receive(new Uint8Array(1), A);
  assertEquals(got, [["a", STRANGER], ["b", STRANGER], ["b", A]]);
});

Deno.test("Associations ends one with its last flow, and opens another for the next", async () => {
  const { associations, opened, agree } = begin();
  const waiting = [A, B].map((to) => associations.dial(udpFlow(), to));
  const node = agree(0);
  const [a, b] = await Promise.all(waiting);
  await a?.[Symbol.asyncDispose]();
  await a?.[Symbol.asyncDispose]();
  assertEquals(node.disposed, false);
  await b?.[Symbol.asyncDispose]();
  await settle();
  assertEquals(node.disposed, true);
  void associations.dial(udpFlow(), A).catch(() => {});
  assertEquals(opened.length, 2);
});

Deno.test("Associations tells all flows when one ends, and opens another for the next", async () => {
  const { associations, opened, agree } = begin();
  const waiting = [A, B].map((to) => associations.dial(udpFlow(), to));
  const node = agree(0);
  const channels = await Promise.all(waiting);
  node.closed.reject(new DialError("broken", "it is gone"));
  for (const { closed } of channels) {
    await assertRejects(() => closed, DialError, "it is gone");
  }
  void associations.dial(udpFlow(), A).catch(() => {});
  assertEquals(opened.length, 2);
});

Deno.test("Associations goes on opening for the others when one flow gives up, and stops when all do", async () => {
  const { associations, opened, agree } = begin();
  const [first, second, third] = [1, 2, 3].map(() => new AbortController());
  if (!first || !second || !third) throw new Error("three were asked for");
  const one = associations.dial(udpFlow({ signal: first.signal }), A);
  const two = associations.dial(udpFlow({ signal: second.signal }), B);
  first.abort(new Error("given up"));
  await assertRejects(() => one, Error, "given up");
  assertEquals(opened[0]?.signal.aborted, false);
  const node = agree(0);
  await (await two)[Symbol.asyncDispose]();
  await settle();
  assertEquals(node.disposed, true);

  const last = associations.dial(udpFlow({ signal: third.signal }), A);
  third.abort(new Error("given up"));
  await assertRejects(() => last, Error, "given up");
  assertEquals(opened[1]?.signal.aborted, true);
});

Deno.test("Associations fails all flows that wait, and asks again for the next one", async () => {
  const { associations, opened } = begin();
  const waiting = [A, B].map((to) => associations.dial(udpFlow(), to));
  opened[0]?.opening.reject(new DialError("auth", "who are you"));
  for (const one of waiting) {
    await assertRejects(() => one, DialError, "who are you");
  }
  void associations.dial(udpFlow(), A).catch(() => {});
  assertEquals(opened.length, 2);
});
