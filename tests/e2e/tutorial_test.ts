/** The Linux side of GOST's TUN2SOCKS tutorial, its command lines and files as they are, but for the addresses. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { selfSignedCertificate } from "../../src/inbound/self_signed.ts";
import {
  type Bed,
  bedTest,
  CLIENT,
  NAMESERVER4,
  SERVER,
  TARGET4,
} from "../support/bed.ts";
import type { Program } from "../support/program.ts";
import {
  httpTarget,
  nameserver,
  tcpTarget,
  whoAsks,
} from "../support/targets.ts";
import { linuxHooks, plainFile, sniffingFile } from "../support/tutorial.ts";

const SERVICE =
  "tungo://:0?name=tungo&net=192.168.123.1/24&mtu=1420&dns=1.1.1.1";
const HOP = `relay+wss://${SERVER}:443?interface=eth0`;

const FILE = plainFile(SERVER, linuxHooks(SERVER));
const BYPASS_FILE = sniffingFile(SERVER);

/** What the tutorial has its reader type. */
async function routeByHand({ net: { client } }: Bed): Promise<void> {
  await client.ip("route delete default");
  await client.ip(`route add default via ${SERVER} dev eth0 metric 10`);
  await client.ip("route add default dev tungo metric 1");
}

/** Fetches a page of a server that is called `name` by whom it asks. */
function fetchPage(
  { net: { client } }: Bed,
  name: string,
  scheme = "http",
): Promise<string> {
  const port = scheme === "http" ? 80 : 443;
  return client.run(
    "curl",
    ...["-sSk", "-m", "10", "--resolve", `${name}:${port}:${TARGET4}`],
    `${scheme}://${name}/`,
  );
}

async function startServers(bed: Bed): Promise<AsyncDisposable> {
  const { server } = bed.net;
  const stack = new AsyncDisposableStack();
  await server.ip("addr add 1.1.1.1/32 dev lo");
  const handler = (_: Request, { remoteAddr }: { remoteAddr: Deno.NetAddr }) =>
    new Response(remoteAddr.hostname);
  const where = { hostname: TARGET4, port: 443 };
  const certificate = selfSignedCertificate({
    names: ["example.com"],
    now: new Date(),
    days: 1,
  });
  stack.use(await whoAsks(server, { hostname: TARGET4, port: 80 }));
  stack.use(await httpTarget(server, { ...where, ...certificate }, handler));
  stack.use(await nameserver(server, "1.1.1.1", TARGET4));
  stack.use(await nameserver(server, NAMESERVER4, TARGET4));
  await bed.farEnd("-L", `relay+wss://${SERVER}:443`);
  return stack;
}

bedTest(
  "the tutorial's command line carries a machine's traffic through the relay",
  async (bed) => {
    await using _servers = await startServers(bed);
    await bed.tungo("-L", SERVICE, "-F", HOP);
    await routeByHand(bed);
    assertEquals(await fetchPage(bed, "example.com"), TARGET4);
    const dig = ["+short", "@1.1.1.1", "example.com"];
    assertEquals(await bed.net.client.run("dig", ...dig), `${TARGET4}\n`);
  },
);

bedTest(
  "the tutorial's file carries a machine's traffic through the relay, by routes of its hooks",
  async (bed) => {
    await using _servers = await startServers(bed);
    await Deno.writeTextFile(`${bed.run}/gost.yml`, FILE);
    const tungo = await bed.tungo("-C", "/run/gost.yml");
    await tungo.line("route.ipv6");
    assertEquals(await fetchPage(bed, "example.com"), TARGET4);
    const dig = ["+short", "@1.1.1.1", "example.com"];
    assertEquals(await bed.net.client.run("dig", ...dig), `${TARGET4}\n`);
    assertEquals(tungo.log.filter(({ msg }) => msg === "hook.fail"), []);
  },
);

bedTest(
  "the tutorial's second command line sends example.com straight out, and nothing else",
  async (bed) => {
    await using _servers = await startServers(bed);
    const tungo = await bed.tungo(
      "-L",
      `${SERVICE}&interface=eth0&sniffing=true`,
      "-F",
      `${HOP}&bypass=example.com`,
    );
    await routeByHand(bed);
    await expectBypass(bed, tungo, "eth0");
  },
);

bedTest(
  "the tutorial's second file does the same, and names what is asked of nameservers",
  async (bed) => {
    await using _servers = await startServers(bed);
    await Deno.writeTextFile(`${bed.run}/gost.yml`, BYPASS_FILE);
    const tungo = await bed.tungo("-C", "/run/gost.yml");
    await routeByHand(bed);
    await expectBypass(bed, tungo, "eth0");
    await bed.net.client.run("dig", "+short", "@1.1.1.1", "example.net");
    await tungo.stop();
    const { why } = await tungo.line("flow.close", { dst: "1.1.1.1:53" });
    assertEquals(why, "example.net (DNS)");
  },
);

bedTest(
  "what a bypass sends straight out goes by the service's interface, the rest by the hop's",
  async (bed) => {
    await using _servers = await startServers(bed);
    const file = BYPASS_FILE.replace("interface: eth0", "interface: eth1");
    await Deno.writeTextFile(`${bed.run}/gost.yml`, file);
    const tungo = await bed.tungo("-C", "/run/gost.yml");
    await routeByHand(bed);
    await expectBypass(bed, tungo, "eth1");
  },
);

bedTest(
  "with sniffing.fallback a name that the far end cannot resolve is no reason to fail",
  async (bed) => {
    await using _servers = await startServers(bed);
    await Deno.writeTextFile(`${bed.run}/gost.yml`, BYPASS_FILE);
    const tungo = await bed.tungo("-C", "/run/gost.yml");
    await routeByHand(bed);
    const name = "host.invalid";
    assertEquals(await fetchPage(bed, name), TARGET4);
    const { via } = await tungo.line("flow.close", { name });
    assertEquals(via, `relay+wss ${SERVER}:443 > ${TARGET4}:80`);
  },
);

bedTest("with sniffing a server may speak first", async (bed) => {
  const { client, server } = bed.net;
  await using _servers = await startServers(bed);
  const where = { hostname: TARGET4, port: 22 };
  const banner = "SSH-2.0-OpenSSH_9.9\r\n";
  using _target = await tcpTarget(server, where, async (connection) => {
    await connection.write(new TextEncoder().encode(banner));
  });
  await Deno.writeTextFile(`${bed.run}/gost.yml`, BYPASS_FILE);
  await bed.tungo("-C", "/run/gost.yml");
  await routeByHand(bed);
  assertEquals(await client.run("nc", "-d", "-w", "5", TARGET4, "22"), banner);
});

async function expectBypass(
  bed: Bed,
  tungo: Program,
  device: keyof typeof CLIENT,
): Promise<void> {
  for (const scheme of ["http", "https"]) {
    const port = scheme === "http" ? 80 : 443;
    const dst = `${TARGET4}:${port}`;
    assertEquals(await fetchPage(bed, "example.com", scheme), CLIENT[device]);
    assertEquals(await fetchPage(bed, "example.org", scheme), TARGET4);
    const name = "example.com";
    const straight = await tungo.line("flow.close", { name, dst });
    assertEquals(straight.via, `direct to ${dst} by ${device}`);
    const by = scheme === "http" ? "HTTP Host" : "TLS SNI";
    assertStringIncludes(String(straight.why), `${name} (${by}); direct (`);
    const other = { name: "example.org", dst };
    const relayed = await tungo.line("flow.close", other);
    const way = `relay+wss ${SERVER}:443 > example.org:${port}`;
    assertEquals(relayed.via, way);
  }
}

bedTest("udpTimeout ends a session that is silent", async (bed) => {
  await using _servers = await startServers(bed);
  const tungo = await bed.tungo("-L", `${SERVICE}&udpTimeout=1s`, "-F", HOP);
  await routeByHand(bed);
  await bed.net.client.run("dig", "+short", "@1.1.1.1", "example.com");
  const { reason } = await tungo.line("flow.close", { protocol: "udp" });
  assertEquals(reason, "end");
});
