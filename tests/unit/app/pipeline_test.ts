import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../src/base/errors.ts";
import { dnsAnswer } from "../../support/dns_message.ts";
import { settle } from "../../support/manual_clock.ts";
import { ascii } from "../../support/octets.ts";
import { connect, wheres } from "../../support/pipeline_run.ts";
import type { TestStream } from "../../support/stream_pair.ts";

const SERVICE = "tungo://:0?net=10.0.0.1/24";
const RELAY = "relay://u:pw@198.51.100.9:8443";

Deno.test("buildPipeline() carries a flow through the node, asked with user and password", async () => {
  const run = await connect({ L: [SERVICE], F: [RELAY] });
  assertEquals(wheres(run), ["198.51.100.9:8443"]);
  const [node] = run.far;
  assertEquals(
    node?.taken().toHex(),
    "01010012" + "0100050175027077" + "02000701c000020101bb",
  );
  await node?.write(Uint8Array.of(1, 0, 0, 0, ...ascii("hi")));
  await settle();
  assertEquals(run.application.text(), "hi");
  assertEquals(await run.end(), "relay+tcp 198.51.100.9:8443 > 192.0.2.1:443");
});

Deno.test("buildPipeline() binds the connections to a node to the interface of the hop", async () => {
  const run = await connect({ L: [SERVICE], F: [`${RELAY}?interface=eth7`] });
  assertEquals(wheres(run), ["198.51.100.9:8443 eth7"]);
  await run.end();
});

Deno.test("buildPipeline() sends what the hop's bypass hits straight out by the service's interface [H.1 service interface]", async () => {
  const run = await connect({
    L: [`${SERVICE}&interface=eth8`],
    F: [`${RELAY}?bypass=192.0.2.0/24&interface=eth7`],
  });
  assertEquals(wheres(run), ["192.0.2.1:443 eth8"]);
  const because = run.flow.trace.map(({ because = "" }) => because).join("");
  assertEquals(because.includes("192.0.2.1 matches 192.0.2.0/24"), true);
  await run.end();
});

Deno.test("buildPipeline() compares the bypass with the sniffed name, which is what the node is asked for otherwise", async () => {
  const written = {
    L: [`${SERVICE}&sniffing=true`],
    F: [`${RELAY}?bypass=.example.com`],
  };
  const get = (host: string): string =>
    `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const hit = await connect(written, { said: get("www.example.com") });
  assertEquals(wheres(hit), ["192.0.2.1:443"]);
  await hit.end();

  const other = await connect(written, { said: get("a.example") });
  assertEquals(wheres(other), ["198.51.100.9:8443"]);
  const asked = other.far[0]?.text() ?? "";
  assertEquals(asked.includes("a.example"), true);
  assertEquals(asked.endsWith(get("a.example")), true);
  await other.end();
});

Deno.test("buildPipeline() tests a service's bypass for the address also where a name was sniffed", async () => {
  const run = await connect(
    { L: [`${SERVICE}&sniffing=true&bypass=192.0.2.1`], F: [RELAY] },
    { said: "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n" },
  );
  assertEquals([await run.done, run.flow.rejections], ["rejected", [
    "prohibited",
  ]]);
  assertEquals(run.asked, []);
});

Deno.test("buildPipeline() chains hops: each is reached through the one before", async () => {
  const run = await connect({
    L: [SERVICE],
    F: ["relay://198.51.100.8:1", "relay://198.51.100.9:2"],
  });
  assertEquals(wheres(run), ["198.51.100.8:1"]);
  const first = run.far[0]?.taken().toHex();
  assertEquals(first?.startsWith("0101000a02000701c63364090002"), true);
  await run.far[0]?.write(Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0));
  await run.end();
});

Deno.test("buildPipeline() tries again as often as `retries` says, and blames the node [H.1 retries]", async () => {
  const run = await connect(
    { L: [`${SERVICE}&retries=2`], F: [RELAY] },
    { refuse: ["198.51.100.9"] },
  );
  const error = await assertRejects(() => run.done, DialError);
  assertEquals([error.node, run.asked.length], ["node-0", 3]);
});

Deno.test("buildPipeline() has a bypass of tcp6 hit TCP from IPv6 sources, where `ipv6` is on", async () => {
  const yaml = (ipv6: boolean): string => `
services:
- name: s
  addr: ":0"
  handler: { type: tungo, chain: c, metadata: { ipv6: ${ipv6} } }
  listener: { type: tungo, metadata: { net: "10.0.0.1/24" } }
chains:
- name: c
  hops:
  - name: h
    bypass: b
    nodes:
    - { name: n, addr: "198.51.100.9:8443", connector: { type: relay }, dialer: { type: tcp } }
bypasses:
- { name: b, network: tcp6, matchers: ["2001:db8::/32"] }
`;
  const flow = {
    src: { host: "fd00::2", port: 40_000 },
    dst: { host: "2001:db8::1", port: 443 },
  };
  const rows = [[true, "2001:db8::1:443"], [
    false,
    "198.51.100.9:8443",
  ]] as const;
  for (const [ipv6, where] of rows) {
    const run = await connect({ yaml: yaml(ipv6) }, flow);
    assertEquals(wheres(run), [where]);
    await run.end();
  }
});

Deno.test("buildPipeline() dials again by another node of the hop when one cannot be reached, and says so [D.2, D.7]", async () => {
  const run = await connect(
    {
      L: [`${SERVICE}&retries=1`],
      F: ["relay://198.51.100.8:1,198.51.100.9:2?strategy=fifo"],
    },
    { refuse: ["198.51.100.8"] },
  );
  assertEquals(wheres(run), ["198.51.100.8:1", "198.51.100.9:2"]);
  assertEquals(
    run.flow.trace.filter(({ by }) => by === "hop-0"),
    [
      { by: "hop-0", what: "node-0", because: "fifo, 2 of 2, -F" },
      { by: "hop-0", what: "node-1", because: "fifo, 1 of 2, -F" },
    ],
  );
  await run.end();
});

Deno.test("buildPipeline() sends nothing direct when all nodes of a hop have failed [D.7, K3]", async () => {
  const run = await connect(
    {
      L: [`${SERVICE}&retries=3`],
      F: ["relay://198.51.100.8:1,198.51.100.9:2"],
    },
    { refuse: ["198.51.100.8", "198.51.100.9"] },
  );
  await assertRejects(() => run.done, DialError);
  assertEquals(wheres(run), [
    "198.51.100.8:1",
    "198.51.100.9:2",
    "198.51.100.8:1",
    "198.51.100.8:1",
  ]);
  assertEquals(
    run.flow.trace.at(-1)?.because,
    "all have failed: the first, -F",
  );
});

Deno.test("buildPipeline() turns down an address before anything is accepted or waited for, also when it sniffs", async () => {
  const written = {
    L: [`${SERVICE}&sniffing=true&bypass=192.0.2.0/24,a.example`],
    F: [RELAY],
  };
  const accept = (): never => {
    throw new Error("it was accepted");
  };
  const run = await connect(written, { accept });
  assertEquals(await run.done, "rejected");
  assertEquals(run.flow.rejections, ["prohibited"]);
});

Deno.test("buildPipeline() lets a server speak first at once where no rule needs a name [K7]", async () => {
  const rows = [
    { L: [`${SERVICE}&sniffing=true`] },
    { L: [`${SERVICE}&sniffing=true`], F: [`${RELAY}?bypass=192.0.2.0/24`] },
  ];
  for (const written of rows) {
    const run = await connect(written);
    assertEquals(wheres(run), ["192.0.2.1:443"]);
    await run.far[0]?.write("SSH-2.0-x\r\n");
    await settle();
    assertEquals(run.application.text(), "SSH-2.0-x\r\n");
    await run.end();
  }
});

const GET = "GET / HTTP/1.1\r\nHost: www.example\r\n\r\n";
const NAMED = { L: [`${SERVICE}&sniffing=true&hosts=www.example:192.0.2.9`] };

Deno.test("buildPipeline() asks the node for the address that hosts have for a sniffed name [D.4]", async () => {
  const run = await connect({ ...NAMED, F: [RELAY] }, { said: GET });
  assertEquals(wheres(run), ["198.51.100.9:8443"]);
  const asked = run.far[0]?.taken().toHex() ?? "";
  assertEquals(asked.includes("02000701c000020901bb"), true);
  await run.end();
});

Deno.test("buildPipeline() dials the address that hosts have for a name itself where the flow goes direct [D.4, K29]", async () => {
  const run = await connect(NAMED, { said: GET });
  assertEquals(wheres(run), ["192.0.2.9:443"]);
  const [, mapped] = run.flow.trace;
  assertEquals(mapped, {
    by: "hosts-0",
    what: "192.0.2.9",
    because: "www.example, -L",
  });
  await run.end();
  const other = await connect(
    { L: [`${SERVICE}&sniffing=true&hosts=other.example:192.0.2.9`] },
    { said: GET },
  );
  assertEquals(wheres(other), ["192.0.2.1:443"]);
  await other.end();
});

Deno.test("buildPipeline() maps an address that hosts name [D.4]", async () => {
  const run = await connect({
    L: [`${SERVICE}&hosts=192.0.2.1:198.51.100.1`],
  });
  assertEquals(wheres(run), ["198.51.100.1:443"]);
  await run.end();
});

Deno.test("buildPipeline() compares a hop's bypass with the name, also where hosts have an address for it, and with that address [K15, H.2 bypass by name]", async () => {
  for (const bypass of ["www.example", "192.0.2.9", "192.0.2.1"]) {
    const hop = `${RELAY}?bypass=${bypass}`;
    const run = await connect({ ...NAMED, F: [hop] }, { said: GET });
    assertEquals(wheres(run), ["192.0.2.9:443"], bypass);
    await run.end();
  }
});

Deno.test("buildPipeline() has the carrier ready while it waits for a name", async () => {
  const run = await connect({ L: [`${SERVICE}&sniffing=true`], F: [RELAY] });
  await run.clock.advance(10);
  assertEquals(wheres(run), ["198.51.100.9:8443"]);
  assertEquals(run.far[0]?.taken().length, 0);
  await run.application.write("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  await settle();
  assertEquals(wheres(run), ["198.51.100.9:8443"]);
  assertEquals(run.far[0]?.text().includes("a.example"), true);
  await run.end();
});

Deno.test("buildPipeline() tests a service's bypass with a sniffed name and both ports, the destination's and the protocol's [E.3, I.6]", async () => {
  const get = (host: string): string =>
    `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const dst = { host: "192.0.2.1", port: 8443 };
  const rows: [string, string, boolean][] = [
    ["a.example:80", get("a.example"), true],
    ["a.example:8443", get("a.example"), true],
    ["a.example:9000", get("a.example:9000"), true],
    ["a.example:443", get("a.example"), false],
  ];
  for (const [bypass, said, rejected] of rows) {
    const written = {
      L: [`${SERVICE}&sniffing=true&bypass=${bypass}`],
      F: [RELAY],
    };
    const run = await connect(written, { said, dst });
    assertEquals(run.flow.rejections.length > 0, rejected, bypass);
    if (!rejected) await run.end();
  }
});

/** What a nameserver answers by TCP that was asked for an A: 192.0.2.9. */
function answerOver(server: TestStream | undefined): Promise<void> | undefined {
  const query = server?.taken().slice(2) ?? new Uint8Array();
  const answer = Uint8Array.of(
    ...query.subarray(0, 2),
    ...[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0],
    ...query.subarray(12),
    ...[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 9],
  );
  return server?.write(Uint8Array.of(0, answer.length, ...answer));
}

const RESOLVERS = (chain: string): string => `
services:
- name: s
  addr: ":0"
  resolver: r
  handler: { type: tungo, chain: c, metadata: { sniffing: true } }
  listener: { type: tungo }
  metadata: { interface: eth8 }
resolvers:
- name: r
  nameservers: [{ addr: "tcp://203.0.113.53", only: ipv4, chain: "${chain}" }]
chains:
- name: c
  hops:
  - nodes: [{ addr: "198.51.100.9:8443", connector: { type: relay } }]
- name: d
  hops:
  - nodes: [{ addr: "198.51.100.8:8443", connector: { type: http } }]
`;

Deno.test("buildPipeline() asks a service's resolver by the service's interface, and the node for the address [D.4, H.1 resolver and hosts]", async () => {
  const run = await connect({ yaml: RESOLVERS("") }, { said: GET });
  assertEquals(wheres(run), ["203.0.113.53:53 eth8"]);
  await answerOver(run.far[0]);
  await settle();
  assertEquals(wheres(run).slice(1), ["198.51.100.9:8443"]);
  const asked = run.far[1]?.taken().toHex() ?? "";
  assertEquals(asked.includes("02000701c000020901bb"), true);
  await run.end();
});

Deno.test("buildPipeline() sends questions through the nameserver's own chain [D.4]", async () => {
  const run = await connect({ yaml: RESOLVERS("d") }, { said: GET });
  assertEquals(wheres(run), ["198.51.100.8:8443"]);
  assertEquals(
    run.far[0]?.text().startsWith("CONNECT 203.0.113.53:53 HTTP/1.1\r\n"),
    true,
  );
  run.flow.controller.abort(new Error("enough"));
  await assertRejects(() => run.done, Error, "enough");
});

Deno.test("buildPipeline() asks the resolver of a hop for the address of a node, also of one behind another [D.4, H.1 resolver and hosts]", async () => {
  const run = await connect({
    L: [SERVICE],
    F: [RELAY, "relay://relay.example:2?hosts=relay.example:192.0.2.9"],
  });
  const asked = run.far[0]?.taken().toHex() ?? "";
  assertEquals(asked.includes("02000701c00002090002"), true);
  await run.far[0]?.write(Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0));
  await run.end();

  const first = await connect({
    L: [SERVICE],
    F: ["relay://relay.example:2?hosts=.:192.0.2.9"],
  });
  assertEquals(wheres(first), ["192.0.2.9:2"]);
  await first.end();
});

Deno.test("buildPipeline() has rules match the name that an address was the answer for, also without sniffing, and asks for the address", async () => {
  const heard = dnsAnswer("www.example", ["192.0.2.1"]);
  const rejected = await connect(
    { L: [`${SERVICE}&bypass=www.example`], F: [RELAY] },
    { heard },
  );
  assertEquals(await rejected.done, "rejected");
  const written = { L: [SERVICE], F: [`${RELAY}?bypass=.example`] };
  const direct = await connect(written, { heard });
  assertEquals(wheres(direct), ["192.0.2.1:443"]);
  await direct.end();
  const relayed = await connect({ L: [SERVICE], F: [RELAY] }, { heard });
  const asked = relayed.far[0]?.taken().toHex() ?? "";
  assertEquals(asked.includes("02000701c000020101bb"), true);
  await relayed.end();
});

Deno.test("buildPipeline() believes a sniffed name and no answer of a nameserver where both are known", async () => {
  const run = await connect(
    {
      L: [`${SERVICE}&sniffing=true`],
      F: [`${RELAY}?bypass=other.example`],
    },
    { said: GET, heard: dnsAnswer("other.example", ["192.0.2.1"]) },
  );
  assertEquals(wheres(run), ["198.51.100.9:8443"]);
  await run.end();
});

Deno.test("buildPipeline() turns down what comes to a node with `action: reject`, once, whatever else there is", async () => {
  const run = await connect({
    L: [`${SERVICE}&retries=3`],
    F: ["direct://:0?action=reject"],
  });
  const error = await assertRejects(() => run.done, DialError);
  assertEquals([error.kind, error.isDecision], ["forbidden", true]);
  const decisive = run.flow.trace.filter(({ minor }) => !minor);
  assertEquals([run.asked, decisive.length], [[], 1]);
});
