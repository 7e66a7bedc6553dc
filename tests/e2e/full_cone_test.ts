/** UDP by ways out that let everybody answer: one port for all targets of a source, and strangers reach the application. */
import { once } from "node:events";
import { assertEquals } from "@std/assert";
import {
  type Bed,
  bedTest,
  CLIENT,
  SERVER,
  TARGET4,
  TUNGO,
} from "../support/bed.ts";
import { udpSocket, udpTarget } from "../support/targets.ts";

const FIRST = { hostname: TARGET4, port: 7001 };
const SECOND = { hostname: TARGET4, port: 7002 };
const STRANGER = { hostname: TARGET4, port: 7003 };

/** Each target answers with the port that it was asked from; a stranger, who was never asked, writes to that port. */
async function expectFullCone(bed: Bed, source: string): Promise<void> {
  const { client, server } = bed.net;
  const seen: string[] = [];
  const tell = (_: Uint8Array, from: { address: string; port: number }) => {
    seen.push(from.address);
    return new TextEncoder().encode(String(from.port));
  };
  using _first = await udpTarget(server, FIRST, tell);
  using _second = await udpTarget(server, SECOND, tell);
  const stranger = await udpSocket(server, STRANGER);
  const socket = await udpSocket(client, { hostname: "0.0.0.0", port: 0 });
  const ask = async (to: typeof FIRST): Promise<string> => {
    socket.send("?", to.port, to.hostname);
    const [answer, from] = await once(socket, "message");
    assertEquals([from.address, from.port], [to.hostname, to.port]);
    return new TextDecoder().decode(answer);
  };
  const port = await ask(FIRST);
  assertEquals(await ask(SECOND), port);
  assertEquals(seen, [source, source]);

  stranger.send("boo", Number(port), source);
  const [payload, from] = await once(socket, "message");
  assertEquals(new TextDecoder().decode(payload), "boo");
  assertEquals([from.address, from.port], [TARGET4, STRANGER.port]);

  socket.send("who are you", from.port, from.address);
  const [answer, asker] = await once(stranger, "message");
  assertEquals(new TextDecoder().decode(answer), "who are you");
  assertEquals(String(asker.port), port);
  socket.close();
  stranger.close();
}

/** Far ends of ours and nodes that reach them, by which everybody may answer. */
const WAYS = [
  ["relay+wss://user:pass@:8443?bind=true", "relay+wss", "bind=true"],
  ["relay+mws://user:pass@:8443?bind=true", "relay+mws", "bind=true"],
  ["socks5://user:pass@:8443?udp=true", "socks5", ""],
  ["socks5://user:pass@:8443?udp=true", "socks5", "relay=udp"],
  ["http://user:pass@:8443?udp=true", "http", ""],
] as const;

for (const [farEnd, scheme, more] of WAYS) {
  bedTest(
    `${scheme} with "${more}" is full cone where the far end allows it`,
    async (bed) => {
      await bed.farEnd("-L", farEnd);
      const hop = `${scheme}://user:pass@${SERVER}:8443?${more}&interface=eth0`;
      await bed.tungo("-L", TUNGO, "-F", hop);
      await expectFullCone(bed, TARGET4);
    },
  );
}

bedTest("full cone is kept behind another hop", async (bed) => {
  await bed.farEnd("-L", "relay+ws://:8443");
  await bed.farEnd("-L", "relay+tcp://127.0.0.1:8444?bind=true");
  await bed.tungo(
    ...["-L", TUNGO],
    ...["-F", `relay+ws://${SERVER}:8443?interface=eth0`],
    ...["-F", "relay+tcp://127.0.0.1:8444?bind=true"],
  );
  await expectFullCone(bed, TARGET4);
});

bedTest(
  "relay with bind here alone carries each flow by itself",
  async (bed) => {
    await bed.farEnd("-L", "relay+wss://user:pass@:8443");
    const hop = `relay+wss://user:pass@${SERVER}:8443?bind=true&interface=eth0`;
    await bed.tungo("-L", TUNGO, "-F", hop);
    const { client, server } = bed.net;
    using _echo = await udpTarget(server, FIRST, (payload) => payload);
    const socket = await udpSocket(client, { hostname: "0.0.0.0", port: 0 });
    socket.send("hello", FIRST.port, FIRST.hostname);
    const [answer] = await once(socket, "message");
    assertEquals(new TextDecoder().decode(answer), "hello");
    socket.close();
  },
);

bedTest("socks5 by UDP ASSOCIATE is full cone", async (bed) => {
  const program =
    new URL("../support/socks5_server.ts", import.meta.url).pathname;
  const child = bed.net.server.spawn(
    Deno.execPath(),
    ["run", "--no-check", "-A", program, SERVER, "1080", "user", "pass"],
    { stdout: "piped" },
  );
  const ready = child.stdout.getReader();
  await ready.read();
  await ready.cancel();
  const hop = `socks5://user:pass@${SERVER}:1080?interface=eth0&relay=udp`;
  await bed.tungo("-L", TUNGO, "-F", hop);
  await expectFullCone(bed, TARGET4);
});

bedTest(
  "what goes straight out is full cone from a source's second target on",
  async (bed) => {
    await bed.tungo("-L", `${TUNGO}&interface=eth1`);
    await expectFullCone(bed, CLIENT.eth1);
  },
);
