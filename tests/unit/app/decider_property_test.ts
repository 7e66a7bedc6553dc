import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Carried } from "../../../src/app/carried.ts";
import { buildDecider } from "../../../src/app/decider.ts";
import { buildPipeline, pipelineOf } from "../../../src/app/pipeline.ts";
import type { SocketOptions } from "../../../src/base/socket.ts";
import type { Question } from "../../../src/control/decision.ts";
import type { Target } from "../../../src/flow/flow.ts";
import type { Route } from "../../../src/outbound/route.ts";
import {
  encodeClientHello,
  encodeQuicHello,
} from "../../../src/proto/encode_client_hello.ts";
import { configOf, tungoOf } from "../../support/config.ts";
import { testContext } from "../../support/context.ts";
import { tcpFlow, udpFlow } from "../../support/flows.ts";
import { settle } from "../../support/manual_clock.ts";
import { ascii } from "../../support/octets.ts";
import { streamPair } from "../../support/stream_pair.ts";

const ADDRESSES = ["192.0.2.1", "10.1.2.3", "2001:db8::1"];
const NAMES = ["a.example", "www.b.example", "c.test"];
const PATTERNS = [
  ...["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "0.0.0.0/0"],
  ...["a.example", ".b.example", "*.example", "c.test:443", "*.test:80"],
];
const RULES = [
  "Host(`a.example`)",
  "Host(`*.b.example`) && Network(`tcp`)",
  "!Host(`c.test`)",
  "Network(`udp`)",
];

/** A bypass as YAML, undefined for none. */
const bypass = fc.option(
  fc.record({
    whitelist: fc.boolean(),
    network: fc.constantFrom("", "tcp", "udp"),
    matchers: fc.uniqueArray(fc.constantFrom(...PATTERNS), {
      minLength: 1,
      maxLength: 3,
    }),
  }),
  { nil: undefined },
);

const node = fc.record({
  bypass,
  rule: fc.option(fc.constantFrom(...RULES), { nil: undefined }),
  backup: fc.boolean(),
  interface: fc.constantFrom("", "eth1", "eth2!", "eth3,eth4"),
  type: fc.constantFrom("relay", "relay", "relay", "direct", "reject"),
});

const hop = fc.record({
  bypass,
  strict: fc.boolean(),
  strategy: fc.constantFrom("round", "fifo", "hash"),
  nodes: fc.array(node, { minLength: 1, maxLength: 3 }),
});

const config = fc.record({
  bypass,
  sniffing: fc.boolean(),
  interface: fc.constantFrom("", "eth0"),
  hosts: fc.boolean(),
  hops: fc.array(hop, { maxLength: 3 }),
});

const question = fc.record({
  protocol: fc.constantFrom("tcp" as const, "udp" as const),
  host: fc.constantFrom(...ADDRESSES),
  port: fc.constantFrom(80, 443),
  says: fc.option(fc.constantFrom(...NAMES), { nil: undefined }),
});

type Value<A> = A extends fc.Arbitrary<infer T> ? T : never;

/** JSON is YAML. */
function fileOf(
  { bypass, sniffing, interface: by, hosts, hops }: Value<typeof config>,
): string {
  const bypasses: unknown[] = [];
  const named = (bypass: Value<typeof hop>["bypass"]): string => {
    if (bypass === undefined) return "";
    const name = `b${bypasses.length}`;
    bypasses.push({ name, ...bypass });
    return name;
  };
  const nodeOf = (
    { bypass, rule, backup, interface: by, type }: Value<typeof node>,
    name: string,
    addr: string,
  ): unknown => ({
    name,
    addr,
    bypass: named(bypass),
    matcher: { rule: rule ?? "" },
    metadata: { interface: by, backup },
    connector: type === "relay" ? { type } : {
      type: "direct",
      metadata: { action: type === "reject" ? "reject" : "" },
    },
    dialer: { type: type === "relay" ? "tcp" : "direct" },
  });
  return JSON.stringify({
    services: [{
      name: "s",
      bypass: named(bypass),
      hosts: hosts ? "h" : "",
      metadata: { interface: by },
      handler: {
        type: "tungo",
        chain: hops.length === 0 ? "" : "c",
        metadata: { sniffing },
      },
      listener: { type: "tungo", metadata: { net: "10.0.0.2/24" } },
    }],
    chains: hops.length === 0 ? [] : [{
      name: "c",
      hops: hops.map(({ bypass, strict, strategy, nodes }, i) => ({
        name: `hop${i}`,
        bypass: named(bypass),
        metadata: { strict },
        selector: { strategy },
        nodes: nodes.map((node, j) =>
          nodeOf(node, `n${i}${j}`, `198.51.100.${10 * i + j + 1}:1080`)
        ),
      })),
    }],
    bypasses,
    hosts: [{
      name: "h",
      mappings: [{ ip: "203.0.113.9", hostname: "a.example" }],
    }],
  });
}

/** What somebody would see of a flow. */
interface Seen {
  readonly nodes: string;
  /** Of the first socket; "" for the routing table. */
  readonly by: string;
}

/** What `explain` says. */
async function explained(
  yaml: string,
  { protocol, host, port, says }: Value<typeof question>,
): Promise<Seen> {
  const context = testContext(() => {
    throw new Error("nothing is dialled");
  });
  const decide = await buildDecider({
    config: configOf({ yaml }),
    ...context,
  });
  const asked: Question = {
    protocol,
    to: { host, port },
    ...(says === undefined ? {} : { says }),
  };
  const { way } = await decide(asked);
  return {
    nodes: way?.nodes.map(({ name }) => name).join(" > ") ?? "rejected",
    by: way?.interfaces.join() ?? "",
  };
}

/** Keeps the first choice of a way. */
class Watched extends Carried {
  first: Route | undefined;
  override note(target: Target, route: Route): void {
    this.first ??= route;
    super.note(target, route);
  }
}

/** What becomes of a real flow. */
async function carried(
  yaml: string,
  { protocol, host, port, says }: Value<typeof question>,
): Promise<Seen & { readonly socket: string | undefined }> {
  const sockets: SocketOptions[] = [];
  const context = testContext((options) => {
    sockets.push(options);
    return streamPair()[0];
  });
  const watched = new Watched();
  const options = pipelineOf(tungoOf({ yaml }));
  const { handle } = await buildPipeline(options, context, watched);
  const [application, local] = streamPair();
  const dst = { host, port };
  const said = says === undefined
    ? ""
    : port === 80
    ? ascii(`GET / HTTP/1.1\r\nHost: ${says}\r\n\r\n`)
    : encodeClientHello(says);
  if (protocol === "tcp") await application.write(said);
  const flow = protocol === "tcp" ? tcpFlow(local, { dst }) : udpFlow({
    dst,
    first: says === undefined ? Uint8Array.of(0) : encodeQuicHello(says),
  });
  handle(flow).catch(() => {});
  await settle();
  await context.clock.advance(1000);
  const { first } = watched;
  return {
    nodes: first?.nodes.map(({ name }) => name).join(" > ") ?? "rejected",
    by: first?.egress(host).map((way) => way.interface).join() ?? "",
    socket: sockets[0]?.interface,
  };
}

Deno.test("explain says of any flow what becomes of it in any configuration", async () => {
  await fc.assert(
    fc.asyncProperty(config, question, async (config, question) => {
      const yaml = fileOf(config);
      const said = await explained(yaml, question);
      const { socket, ...seen } = await carried(yaml, question);
      assertEquals(said, seen);
      if (socket !== undefined) {
        assertEquals(said.by.split(",")[0], socket);
      }
    }),
    { numRuns: 100 },
  );
});
