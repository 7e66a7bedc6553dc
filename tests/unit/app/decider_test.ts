import { assertEquals, assertRejects } from "@std/assert";
import { buildDecider } from "../../../src/app/decider.ts";
import { ConfigError } from "../../../src/base/errors.ts";
import {
  type Decision,
  outcomeOf,
  type Question,
} from "../../../src/control/decision.ts";
import { configOf, type Written } from "../../support/config.ts";
import { testContext } from "../../support/context.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { silentLog } from "../../support/silent_log.ts";

const SERVICE = "tungo://:0?net=10.0.0.1/24&interface=eth0";
const RELAY = "relay+wss://u:pw@198.51.100.9:8443?interface=eth1";

async function decide(
  written: Written,
  question: Partial<Question> = {},
): Promise<Decision> {
  const { platform } = testContext(() => {
    throw new Error("nothing is to be dialled");
  });
  const decider = await buildDecider({
    config: configOf(written),
    platform,
    clock: new ManualClock(),
    log: silentLog,
  });
  const to = { host: "192.0.2.1", port: 443 };
  return await decider({ protocol: "tcp", to, ...question });
}

const named = (host: string, port = 443): Partial<Question> => ({
  to: { host, port },
});

Deno.test("buildDecider() names nodes, interface and target of a flow through a chain", async () => {
  const { way, service } = await decide({ L: [SERVICE], F: [RELAY] });
  assertEquals(service.name, "service-0");
  assertEquals(way, {
    nodes: [
      { name: "node-0", way: "relay+wss 198.51.100.9:8443", at: "-F" },
    ],
    interfaces: ["eth1"],
    target: { host: "192.0.2.1", port: 443 },
  });
});

Deno.test("buildDecider() names the network namespace that a flow leaves from", async () => {
  const L = ["tungo://:0?netns.out=blue"];
  const { way } = await decide({ L });
  assertEquals(way?.interfaces, ["netns blue"]);
  const red = await decide({ L, F: [`${RELAY}&netns=red`] });
  assertEquals(red.way?.interfaces, ["eth1 of netns red"]);
});

Deno.test("buildDecider() names the rule that sends a flow straight out, and the service's interface", async () => {
  const F = [`${RELAY}&bypass=192.0.2.0/24`];
  const decision = await decide({ L: [SERVICE], F });
  assertEquals(outcomeOf(decision), "direct");
  assertEquals(decision.way?.interfaces, ["eth0"]);
  const because = "192.0.2.1 matches 192.0.2.0/24, -F";
  assertEquals(decision.steps, [{ by: "hop-0", what: "direct", because }]);
});

Deno.test("buildDecider() knows a flow's name only where it is sniffed", async () => {
  const F = [`${RELAY}&bypass=.example.com`];
  const question = named("www.example.com");
  const blind = await decide({ L: [SERVICE], F }, question);
  assertEquals(outcomeOf(blind), "node-0");
  assertEquals(blind.way?.target.host, "?");
  const L = [`${SERVICE}&sniffing=true`];
  for (const port of [443, 80]) {
    const decision = await decide({ L, F }, named("www.example.com", port));
    assertEquals(outcomeOf(decision), "direct");
  }
  const other = await decide({ L, F }, named("www.example.org"));
  assertEquals(other.way?.target, { host: "www.example.org", port: 443 });
});

Deno.test("buildDecider() knows the name of a flow over UDP where QUIC's is sniffed", async () => {
  const F = [`${RELAY}&bypass=.example.com`];
  const protocol = "udp";
  for (const [udp, outcome] of [[true, "direct"], [false, "node-0"]] as const) {
    const L = [`${SERVICE}&sniffing=true&sniffing.udp=${udp}`];
    const question = { ...named("www.example.com"), protocol } as const;
    assertEquals(outcomeOf(await decide({ L, F }, question)), outcome);
  }
  const dns = { ...named("www.example.com", 53), protocol } as const;
  const L = [`${SERVICE}&sniffing=true`];
  assertEquals(outcomeOf(await decide({ L, F }, dns)), "node-0");
});

Deno.test("buildDecider() tells what a node rejects", async () => {
  const F = ["direct://:0?action=reject"];
  const decision = await decide({ L: [SERVICE], F }, named("www.example.com"));
  assertEquals(outcomeOf(decision), "rejected");
  assertEquals(decision.steps.at(-1)?.because, "action: reject, -F");
});

Deno.test("buildDecider() sees the name beside the address where both are given", async () => {
  const L = [`${SERVICE}&sniffing=true`];
  for (const bypass of ["192.0.2.1", "a.example"]) {
    const F = [`${RELAY}&bypass=${bypass}`];
    const decision = await decide({ L, F }, { says: "a.example" });
    assertEquals(outcomeOf(decision), "direct");
    assertEquals(decision.way?.target.host, "192.0.2.1");
  }
});

Deno.test("buildDecider() tells UDP from TCP, and what is turned down", async () => {
  const yaml = `
services:
- name: s
  bypass: b
  handler: { type: tungo }
  listener: { type: tungo }
bypasses:
- { name: b, network: udp, matchers: ["192.0.2.1"] }
`;
  const udp = await decide({ yaml }, { protocol: "udp" });
  assertEquals(outcomeOf(udp), "rejected");
  assertEquals(udp.way, undefined);
  assertEquals(outcomeOf(await decide({ yaml })), "direct");
});

Deno.test("buildDecider() asks the service that is named, otherwise the first tungo", async () => {
  const written = { L: ["relay://:1", SERVICE], F: [RELAY] };
  assertEquals((await decide(written)).service.name, "service-1");
  const question = { service: "service-0", ...named("a.example") };
  const far = await decide(written, question);
  assertEquals(far.service.name, "service-0");
  assertEquals(far.way?.target.host, "a.example");
  await assertRejects(
    () => decide(written, { service: "service-7" }),
    ConfigError,
    'Cannot find the service "service-7": there is service-0, service-1',
  );
});

Deno.test("buildDecider() knows the name also where it was asked of nameservers behind the device", async () => {
  const L = [`${SERVICE}&dns=1.1.1.1`];
  const F = [`${RELAY}&bypass=.example.com`];
  const decision = await decide({ L, F }, named("www.example.com"));
  assertEquals(outcomeOf(decision), "direct");
  assertEquals(decision.steps[0], {
    by: "dns",
    what: "www.example.com",
    because: "an answer of nameservers behind the device, -L",
  });
});

Deno.test("buildDecider() asks for the address where the service answers questions itself", async () => {
  const L = [
    `${SERVICE}&dns.answer=9.9.9.9&dns.fake=198.18.0.0/15&hosts=nas.lan:192.0.2.5`,
  ];
  const F = [`${RELAY}&bypass=192.0.2.0/24,.example.com`];
  const mapped = await decide({ L, F }, named("nas.lan"));
  assertEquals(mapped.way?.target, { host: "192.0.2.5", port: 443 });
  assertEquals(mapped.steps[0], {
    by: "dns.answer",
    what: "192.0.2.5",
    because: "the answer for nas.lan, -L",
  });
  const fake = await decide({ L, F }, named("a.example"));
  assertEquals(fake.steps[0]?.what.startsWith("198.18."), true);
  assertEquals(fake.way?.target, { host: "a.example", port: 443 });
  const hit = await decide({ L, F }, named("www.example.com"));
  assertEquals(outcomeOf(hit), "direct");
});

Deno.test("buildDecider() asks nobody else for an address", async () => {
  const L = [`${SERVICE}&dns.answer=9.9.9.9`];
  const decision = await decide({ L, F: [RELAY] }, named("a.example"));
  assertEquals(decision.way?.target.host, "?");
  assertEquals(decision.steps[0]?.by, "dns");
});
