import { assertEquals, assertExists } from "@std/assert";
import type {
  Incoming,
  ListenOptions,
} from "../../../../src/inbound/contracts.ts";
import { mux } from "../../../../src/inbound/listener/mux.ts";
import { ManualClock, settle } from "../../../support/manual_clock.ts";
import { hex } from "../../../support/octets.ts";
import { silentLog } from "../../../support/silent_log.ts";
import { SMUX } from "../../../support/smux.ts";
import { readOnce, streamPair } from "../../../support/stream_pair.ts";

const TO = { host: "192.0.2.1", port: 443 };
const FROM = { host: "192.0.2.7", port: 5000 };

/** A listener, and what a carrier's client has of it. */
async function begin() {
  let carriers: ListenOptions["onIncoming"] | undefined;
  const listen = mux((options) => {
    carriers = options.onIncoming;
    return Promise.resolve({
      address: TO,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  }, { ...SMUX, clock: new ManualClock(), log: silentLog });
  const incoming: Incoming[] = [];
  const onIncoming = (one: Incoming): void => void incoming.push(one);
  const listener = await listen({ host: "", port: 443, onIncoming });
  const [near, client] = streamPair();
  carriers?.({ stream: near, from: FROM, to: TO });
  return { listener, client, incoming };
}

Deno.test("mux() makes a stream of the listener's of each stream of a carrier", async () => {
  const { listener, client, incoming } = await begin();
  await client.write(
    hex("0100000003000000 0102010003000000 61 0100000005000000"),
  );
  await settle();
  assertEquals(listener.address.port, 443);
  assertEquals(incoming.map(({ from }) => from), [FROM, FROM]);
  const [first] = incoming;
  assertExists(first);
  assertEquals(await readOnce(first.stream), "a");
});

Deno.test("mux() takes no streams once it is disposed, and ends a carrier with its last one", async () => {
  const { listener, client, incoming } = await begin();
  await client.write(hex("0100000003000000"));
  await settle();
  await listener[Symbol.asyncDispose]();
  await client.write(hex("0100000005000000"));
  await settle();
  assertEquals(incoming.length, 1);
  assertEquals(client.taken(), hex("0101000005000000"));
  await incoming[0]?.stream.closeWrite();
  await client.write(hex("0101000003000000"));
  await settle();
  assertEquals(client.state(), "The other end was aborted");
});
