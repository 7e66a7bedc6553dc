/** Sockets in another network namespace than the program's own. */
import { once } from "node:events";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { openPlatform } from "../../ffi/mod.ts";
import { DialError } from "../../src/base/errors.ts";
import { type Bed, bedTest, DEVICE, TARGET4 } from "../support/bed.ts";
import { countDescriptors, descriptorsDownTo } from "../support/descriptors.ts";
import { netnsTest } from "../support/netns.ts";
import { udpSocket, udpTarget, whoAsks } from "../support/targets.ts";

const signal = new AbortController().signal;

/** Like "net:[4026531840]". */
function namespaceOfThread(): string {
  return Deno.readLinkSync("/proc/thread-self/ns/net");
}

netnsTest(
  "openSocket and openUdp leave from the namespace that is named, by its interfaces, and come back [D.3 netns]",
  ["blue"],
  async (net) => {
    await using platform = openPlatform();
    const target = { host: "192.0.2.7", port: 4000, signal };
    await net.blue.ip("addr add 192.0.2.7/32 dev lo");
    const where = { hostname: target.host, port: target.port };
    using _udp = await udpTarget(net.blue, where, (datagram) => datagram);
    await using _web = await whoAsks(net.blue, where);
    const home = namespaceOfThread();
    const { name } = net.blue;
    for (const netns of [name, `/run/netns/${name}`]) {
      for (const by of [{}, { interface: "lo" }, { interface: "192.0.2.7" }]) {
        const options = { ...target, ...by, netns };
        const tcp = await platform.openSocket(options);
        if ("toNode" in tcp) tcp.close();
        else tcp.destroy();
        using udp = platform.openUdp(options);
        const answer = Promise.withResolvers<Uint8Array>();
        udp.onDatagram = (payload) => answer.resolve(payload.slice());
        udp.onError = answer.reject;
        udp.send(Uint8Array.of(1, 2, 3));
        assertEquals(await answer.promise, Uint8Array.of(1, 2, 3));
        assertEquals(namespaceOfThread(), home);
      }
    }
  },
);

netnsTest(
  "openSocket names the namespace that it cannot enter, stays in its own, and leaks nothing",
  ["blue"],
  async (net) => {
    await using platform = openPlatform();
    const home = namespaceOfThread();
    const rows: [string, string][] = [
      ["none-such", "no such network namespace"],
      ["/dev/null", "is it a network namespace?"],
      [net.blue.name, "ENETUNREACH"],
    ];
    const open = async (netns: string, reason: string): Promise<void> => {
      const options = { host: "192.0.2.9", port: 4000, signal, netns };
      const { message } = await assertRejects(
        () => platform.openSocket(options),
        DialError,
        reason,
      );
      assertStringIncludes(message, `from the namespace "${netns}"`);
      assertEquals(namespaceOfThread(), home);
    };
    for (const [netns, reason] of rows) await open(netns, reason);
    const before = countDescriptors();
    for (let i = 0; i < 100; i++) {
      for (const [netns, reason] of rows) await open(netns, reason);
    }
    await descriptorsDownTo(before);
  },
);

/** What a program calls the namespace of `server`: its own /run has no names. */
async function pathOfServer({ net: { server } }: Bed): Promise<string> {
  const holder = server.spawn("sh", ["-c", "echo; exec sleep 1000"], {
    stdout: "piped",
  });
  const reader = holder.stdout.getReader();
  await reader.read();
  await reader.cancel();
  return `/proc/${holder.pid}/ns/net`;
}

const WEB = { hostname: TARGET4, port: 80 };
const WHO = { hostname: TARGET4, port: 7000 };

async function ask({ net: { client } }: Bed): Promise<string> {
  const url = `http://${WEB.hostname}:${WEB.port}/`;
  return await client.run("sh", "-c", `curl -sS -m 5 ${url} || true`);
}

async function askByUdp({ net: { client } }: Bed): Promise<string> {
  const socket = await udpSocket(client, { hostname: "0.0.0.0", port: 0 });
  socket.send("who", WHO.port, WHO.hostname);
  const [answer] = await once(socket, "message");
  socket.close();
  return String(answer);
}

for (const how of ["a service's netns.out", "a direct node's netns"]) {
  bedTest(`flows leave from ${how}, TCP and UDP`, async (bed) => {
    const { server } = bed.net;
    await using _web = await whoAsks(server, WEB);
    using _who = await udpTarget(
      server,
      WHO,
      (_, { address }) => new TextEncoder().encode(address),
    );
    const path = await pathOfServer(bed);
    const service = `tungo://:0?${DEVICE}`;
    await (how.includes("node")
      ? bed.tungo("-L", service, "-F", `direct://:0?netns=${path}`)
      : bed.tungo("-L", `${service}&netns.out=${path}`));
    // From the client's own namespace nobody could have the target's address.
    assertEquals([await ask(bed), await askByUdp(bed)], [TARGET4, TARGET4]);
  });
}

bedTest("a namespace that is not there is told", async (bed) => {
  const tungo = await bed.tungo(
    "-L",
    `tungo://:0?${DEVICE}&netns.out=none-such`,
  );
  await ask(bed);
  const line = await tungo.line("flow.close");
  assertStringIncludes(JSON.stringify(line), "no such network namespace");
});
