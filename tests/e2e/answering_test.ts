/** Questions to port 53 that tungo answers itself. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  type Bed,
  bedTest,
  CLIENT,
  SERVER,
  TARGET4,
  TARGET6,
} from "../support/bed.ts";
import { startNameserver } from "../support/nameserver.ts";
import { whoAsks } from "../support/targets.ts";

const ZONE = {
  "www.example": [TARGET4, TARGET6],
  "direct.example": [TARGET4],
  "many.example": Array.from({ length: 60 }, (_, i) => `192.0.2.${i}`),
};
const INTERNAL = { "host.internal": ["192.0.2.200"] };
/** Nobody is there: whoever gets an answer has it from tungo. */
const DNS = "203.0.113.53";

/** A service that answers by two nameservers, with these keys besides. */
function yaml(keys: string, bypass = ""): string {
  return `
services:
- name: s
  hosts: h
  handler:
    type: tungo
    chain: c
    metadata: { dns.answer: r, ${keys} }
  listener:
    type: tungo
    metadata: { net: "192.168.123.1/24,fd00:123::1/64", route: "198.51.100.0/24,203.0.113.0/24" }
  metadata: { interface: eth0 }
hosts:
- name: h
  mappings: [{ ip: 192.0.2.99, hostname: hosts.example }]
resolvers:
- name: r
  nameservers:
  - addr: "tcp://${SERVER}"
  - { addr: "${SERVER}:5353", domains: [.internal] }
chains:
- name: c
  hops:
  - name: h
    bypass: b
    nodes:
    - addr: "${SERVER}:8443"
      connector: { type: relay, auth: { username: user, password: pass } }
      dialer: { type: wss }
      metadata: { interface: eth0 }
bypasses:
- { name: b, matchers: [${bypass}] }
`;
}

async function dig(bed: Bed, ...args: string[]): Promise<string> {
  const words = ["dig", "+short", "+tries=1", "+timeout=5", `@${DNS}`, ...args];
  const command = `${words.join(" ")} 2>&1 || true`;
  return (await bed.net.client.run("sh", "-c", command)).trim();
}

async function start(bed: Bed, text: string) {
  await Deno.writeTextFile(`${bed.run}/tungo.yaml`, text);
  await bed.farEnd("-L", "relay+wss://user:pass@:8443");
  return await bed.tungo("-C", "/run/tungo.yaml");
}

bedTest(
  "questions to port 53 are answered by tungo's own resolver, split by domain, and from its cache",
  async (bed) => {
    const { server } = bed.net;
    await using nameserver = await startNameserver(server, SERVER, {
      zone: ZONE,
    });
    await using internal = await startNameserver(server, SERVER, {
      zone: INTERNAL,
      port: 5353,
    });
    await start(bed, yaml(""));
    assertEquals(await dig(bed, "www.example"), TARGET4);
    assertEquals(await dig(bed, "www.example", "AAAA"), TARGET6);
    assertEquals(await dig(bed, "WWW.example"), TARGET4);
    assertEquals(await dig(bed, "+tcp", "www.example"), TARGET4);
    assertEquals(await dig(bed, "hosts.example"), "192.0.2.99");
    assertEquals(await dig(bed, "host.internal"), "192.0.2.200");
    assertEquals(await dig(bed, "nowhere.example"), "");
    const many = await dig(bed, "many.example");
    assertEquals(many.split("\n").length, 60);
    assertEquals(nameserver.asked, [
      "tcp 10.0.0.1 www.example A",
      "tcp 10.0.0.1 www.example AAAA",
      "tcp 10.0.0.1 nowhere.example A",
      "tcp 10.0.0.1 many.example A",
    ]);
    assertEquals(internal.asked, ["udp 10.0.0.1 host.internal A"]);

    nameserver.silent = true;
    const full = `dig +tries=1 +timeout=9 @${DNS} other.example`;
    assertMatch(await bed.net.client.run("sh", "-c", full), /SERVFAIL/);
  },
);

bedTest(
  "names get fake addresses of both families, and flows to them are asked for by name",
  async (bed) => {
    const { client, server } = bed.net;
    await using _nameserver = await startNameserver(server, SERVER, {
      zone: ZONE,
    });
    await using system = await startNameserver(server, "192.0.2.53", {
      zone: ZONE,
    });
    await using _web4 = await whoAsks(server, { hostname: TARGET4, port: 80 });
    await using _web6 = await whoAsks(server, { hostname: TARGET6, port: 80 });
    const tungo = await start(
      bed,
      yaml('dns.fake: "198.18.0.0/15,fc00:18::/64"', "direct.example"),
    );
    const fake4 = await dig(bed, "www.example");
    const fake6 = await dig(bed, "www.example", "AAAA");
    assertMatch(fake4, /^198\.1[89]\.\d+\.\d+$/);
    assertMatch(fake6, /^fc00:18::/);
    assertEquals(await dig(bed, "www.example"), fake4);
    assertEquals(await dig(bed, "www.example", "HTTPS"), "");
    assert(await dig(bed, "direct.example") !== fake4);

    const curl = (name: string, address: string) => {
      const host = address.includes(":") ? `[${address}]` : address;
      const to = ["--connect-to", `::${host}:80`];
      return client.run("curl", "-sS", "-m", "9", ...to, `http://${name}/`);
    };
    const seen = await curl("www.example", fake4);
    assert([TARGET4, "::ffff:198.51.100.10", TARGET6].includes(seen), seen);
    assert(await curl("www.example", fake6) !== "");
    const line = await tungo.line("flow.close", { dst: `${fake4}:80` });
    assertEquals(line.name, "www.example");
    assertMatch(String(line.via), /> www\.example:80$/);

    const direct = await dig(bed, "direct.example");
    assertEquals(await curl("direct.example", direct), CLIENT.eth0);
    assert(system.asked.some((line) => line.includes("direct.example A")));

    const nobody = "curl -sS -m 9 http://198.18.255.254/ 2>&1 || true";
    assertMatch(
      await client.run("sh", "-c", nobody),
      /Couldn't connect to server/,
    );
  },
);
