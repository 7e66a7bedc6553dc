/** Which way flows take: the target's view of who asks tells direct, relayed and interfaces apart. */
import { once } from "node:events";
import { assertEquals, assertMatch } from "@std/assert";
import {
  type Bed,
  bedTest,
  CLIENT,
  DEVICE,
  SERVER,
  SILENT4,
  TARGET4,
} from "../support/bed.ts";
import { udpSocket, udpTarget, whoAsks } from "../support/targets.ts";

const WEB = { hostname: TARGET4, port: 80 };
const WEB2 = { hostname: TARGET4, port: 81 };
const WHO = { hostname: TARGET4, port: 7000 };

/** A node of `server`, reached by eth0. */
function node(port: number, more = ""): string {
  return `{name: n${port}, addr: "${SERVER}:${port}", connector: {type: relay, metadata: {nodelay: true}, auth: {username: user, password: pass}}, dialer: {type: tcp}, ${more}}`;
}

/** A tungo whose direct flows leave by eth1, started from a file. */
async function tungoOf(
  bed: Bed,
  handler: string,
  rest: string,
): ReturnType<Bed["tungo"]> {
  const [net = "", route = ""] = DEVICE.split("&").map((pair) =>
    pair.slice(pair.indexOf("=") + 1)
  );
  const file = `${bed.run}/config.yaml`;
  await Deno.writeTextFile(
    file,
    `
services:
- name: tungo
  handler: {type: tungo, ${handler}}
  listener: {type: tungo, metadata: {net: "${net}", route: "${route}"}}
  metadata: {interface: eth1, dialTimeout: 1s}
${rest}`,
  );
  return await bed.tungo("-C", file);
}

/** Whom the target sees, "" where it sees nobody. */
function ask(bed: Bed, { hostname, port } = WEB): Promise<string> {
  const curl = `curl -sS -m 5 http://${hostname}:${port}/ 2>/dev/null || true`;
  return bed.net.client.run("sh", "-c", curl);
}

async function askByUdp(bed: Bed): Promise<string> {
  const socket = await udpSocket(bed.net.client, {
    hostname: "0.0.0.0",
    port: 0,
  });
  socket.send("who", WHO.port, WHO.hostname);
  const [answer] = await once(socket, "message");
  socket.close();
  return String(answer);
}

bedTest(
  "a list that is written to while flows go on sends TCP and UDP straight out by the service's interface, and back",
  async (bed) => {
    const { server } = bed.net;
    await using _web = await whoAsks(server, WEB);
    using _who = await udpTarget(
      server,
      WHO,
      (_, { address }) => new TextEncoder().encode(address),
    );
    await bed.farEnd("-L", "relay://user:pass@:8443");
    const list = `${bed.run}/list.txt`;
    await Deno.writeTextFile(list, "# nothing yet\n10.0.0.0/33\n");
    const tungo = await tungoOf(
      bed,
      "chain: c",
      `
bypasses: [{name: lan, file: {path: ${list}}, reload: 1s}]
chains:
- name: c
  hops:
  - name: h
    bypass: lan
    metadata: {interface: eth0}
    nodes: [${node(8443)}]
`,
    );
    const { at } = await tungo.line("list.line");
    assertEquals(at, `${list}:2:1`);
    assertEquals([await ask(bed), await askByUdp(bed)], [TARGET4, TARGET4]);

    await Deno.writeTextFile(list, `\n${TARGET4}\n`);
    await tungo.line("list.reload");
    const { eth1 } = CLIENT;
    assertEquals([await ask(bed), await askByUdp(bed)], [eth1, eth1]);
    const { why } = await tungo.line("flow.close", {
      via: `direct to ${TARGET4}:80 by eth1`,
    });
    assertEquals(
      why,
      `direct (${TARGET4} matches ${TARGET4}, ${list}:2:1)`,
    );

    await Deno.remove(list);
    await tungo.line("list.keep");
    assertEquals(await ask(bed), eth1);
  },
);

bedTest(
  "a hop goes on by the node that answers while another is dead, black-holed or refuses us, and never goes direct when none is left",
  async (bed) => {
    const { server } = bed.net;
    await using _web = await whoAsks(server, WEB);
    const dead = node(1);
    const silent = node(8443).replace(SERVER, SILENT4).replace("n8443", "hole");
    const stranger = node(8444).replace("pass}", "wrong}");
    const alive = await bed.farEnd("-L", "relay://user:pass@:8443");
    await bed.farEnd("-L", "relay://user:pass@:8444");
    const tungo = await tungoOf(
      bed,
      "chain: c, retries: 3",
      `
chains:
- name: c
  hops:
  - name: h
    metadata: {interface: eth0}
    selector: {strategy: fifo, failTimeout: 1m}
    nodes: [${dead}, ${silent}, ${stranger}, ${node(8443)}]
`,
    );
    assertEquals(await ask(bed), TARGET4);
    const { why } = await tungo.line("flow.close");
    assertMatch(
      String(why),
      /n1 .*; once more \(n1.*; hole .*; n8444 .*; once more \(n8444.*; n8443 \(/,
    );
    // What has failed is left alone from now on, so the black hole costs its second only once.
    assertEquals(await ask(bed), TARGET4);
    const second = await tungo.line("flow.close", { id: 2 });
    assertMatch(String(second["why"]), /^n8443 \(fifo, 1 of 4, /);

    await alive.stop();
    assertEquals(await ask(bed), "");
    const last = await tungo.line("flow.close", { id: 3 });
    assertMatch(String(last["why"]), /all have failed: the first/);
  },
);

bedTest(
  "rules choose nodes by priority, strict turns down what no node is for, and a group chooses chains",
  async (bed) => {
    const { server } = bed.net;
    await using _web = await whoAsks(server, WEB);
    await using _web2 = await whoAsks(server, WEB2);
    using _who = await udpTarget(
      server,
      WHO,
      (_, { address }) => new TextEncoder().encode(address),
    );
    await bed.farEnd("-L", "relay://user:pass@:8443");
    const tcpOnly =
      `matcher: {rule: "Host(\`${TARGET4}\`) && Network(\`tcp\`)"}`;
    const out = (name: string, by: string, more = "") =>
      `{name: ${name}, connector: {type: direct}, dialer: {type: direct}, interface: ${by}, ${more}}`;
    const tungo = await tungoOf(
      bed,
      "chainGroup: {chains: [{chain: web, matcher: {rule: Network(`tcp`)}}, rest]}",
      `
bypasses: [{name: second, matchers: ["${TARGET4}:81"]}]
chains:
- name: web
  hops:
  - name: h
    interface: eth0
    metadata: {strict: true}
    nodes:
    - ${node(8443, `${tcpOnly}, bypass: second`)}
- name: rest
  hops:
  - name: h
    nodes: [${out("by-eth0", "eth0")}]
`,
    );
    assertEquals(await ask(bed), TARGET4);
    assertEquals(await askByUdp(bed), CLIENT.eth0);
    assertEquals(await ask(bed, WEB2), "");
    const { reason } = await tungo.line("flow.close", {
      dst: `${TARGET4}:81`,
    });
    assertMatch(String(reason), /h allows no way: .* matches .*:81/);
  },
);

bedTest(
  "probes find out which nodes answer before a flow has to",
  async (bed) => {
    const { server } = bed.net;
    await using _web = await whoAsks(server, WEB);
    await bed.farEnd("-L", "relay://user:pass@:8444");
    const probe =
      `probe: {type: http, addr: "${TARGET4}:80", interval: 1s, timeout: 1s}`;
    const hole = node(1, probe).replace(SERVER, SILENT4);
    const spare = node(8444, `${probe}, metadata: {backup: true}`);
    const tungo = await tungoOf(
      bed,
      "chain: c",
      `
chains:
- name: c
  hops:
  - name: h
    interface: eth0
    selector: {strategy: fifo, failTimeout: 1m}
    nodes: [${hole}, ${node(8443, probe)}, ${spare}]
`,
    );
    for (const name of ["n1", "n8443"]) {
      await tungo.line("probe.fail", { node: name });
    }
    assertEquals(await ask(bed), TARGET4);
    const { why } = await tungo.line("flow.close");
    assertMatch(String(why), /^n8444 \(fifo, 1 of 3, [^;]*$/);
  },
);
