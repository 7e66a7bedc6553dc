/** Each way out that tungo knows, with the same traffic. */
import { once } from "node:events";
import { assertEquals, assertMatch } from "@std/assert";
import {
  type Bed,
  bedTest,
  CLIENT,
  SERVER,
  TARGET4,
  TUNGO,
} from "../support/bed.ts";
import {
  httpTarget,
  octetSource,
  sha256Of,
  udpSocket,
  udpTarget,
} from "../support/targets.ts";

const WEB = { hostname: TARGET4, port: 80 };
const SOME = { hostname: TARGET4, port: 7000 };
const SIZE = 16 << 20;

/** Octets down and up, datagrams, a refusal. The targets must see `source` ask. */
async function expectTraffic(bed: Bed, source: string): Promise<void> {
  const { client, server } = bed.net;
  const shell = (line: string) => client.run("sh", "-c", line);
  const down = octetSource(SIZE);
  await using _web = await httpTarget(
    server,
    WEB,
    async (request, { remoteAddr }) => {
      assertEquals(remoteAddr.hostname, source);
      const { body } = request;
      return new Response(body === null ? down.octets : await sha256Of(body));
    },
  );
  const url = `http://${TARGET4}/`;
  const sum = await shell(`curl -sS ${url} | sha256sum`);
  assertEquals(sum, `${down.sha256()}  -\n`);
  const file = `${bed.run}/octets`;
  const up = octetSource(SIZE);
  await Deno.writeFile(file, up.octets);
  assertEquals(await client.run("curl", "-sS", "-T", file, url), up.sha256());

  using _echo = await udpTarget(server, SOME, (datagram, { address }) => {
    assertEquals(address, source);
    return datagram;
  });
  const socket = await udpSocket(client, { hostname: "0.0.0.0", port: 0 });
  for (const size of [1, 1400, 9000]) {
    const datagram = crypto.getRandomValues(new Uint8Array(size));
    socket.send(datagram, SOME.port, SOME.hostname);
    const [answer] = await once(socket, "message");
    assertEquals(new Uint8Array(answer), datagram);
  }
  socket.close();

  const refused = await shell(`curl -sS http://${TARGET4}:81/ 2>&1 || true`);
  assertMatch(refused, /Couldn't connect to server/);
}

for (
  const transport of ["tcp", "tls", "ws", "wss", "mtcp", "mtls", "mws", "mwss"]
) {
  bedTest(
    `relay+${transport} carries streams, datagrams and refusals`,
    async (bed) => {
      await bed.farEnd("-L", `relay+${transport}://user:pass@:8443`);
      const hop =
        `relay+${transport}://user:pass@${SERVER}:8443?interface=eth0`;
      await bed.tungo("-L", TUNGO, "-F", hop);
      await expectTraffic(bed, TARGET4);
    },
  );
}

bedTest("socks5 carries streams, datagrams and refusals", async (bed) => {
  const server =
    new URL("../support/socks5_server.ts", import.meta.url).pathname;
  const args = [
    "run",
    "--no-check",
    "-A",
    server,
    SERVER,
    "1080",
    "user",
    "pass",
  ];
  const child = bed.net.server.spawn(Deno.execPath(), args, {
    stdout: "piped",
  });
  const ready = child.stdout.getReader();
  await ready.read();
  await ready.cancel();
  const hop = `socks5://user:pass@${SERVER}:1080?interface=eth0&relay=udp`;
  await bed.tungo("-L", TUNGO, "-F", hop);
  await expectTraffic(bed, TARGET4);
});

for (
  const [hop, args] of [
    ["socks5://user:pass@SERVER:1080", ""],
    ["socks5://user:pass@SERVER:1080", "&relay=udp"],
    ["socks5+mwss://user:pass@SERVER:1080", ""],
    ["http+wss://user:pass@SERVER:1080", ""],
    ["http://user:pass@SERVER:1080", ""],
  ] as const
) {
  bedTest(
    `${
      hop.split(":")[0]
    }${args} to our own far end carries streams, datagrams and refusals`,
    async (bed) => {
      await bed.farEnd("-L", `${hop.replace("SERVER", "")}?udp=true`);
      const url = `${hop.replace("SERVER", SERVER)}?interface=eth0${args}`;
      await bed.tungo("-L", TUNGO, "-F", url);
      await expectTraffic(bed, TARGET4);
    },
  );
}

bedTest("without a hop tungo carries everything straight out", async (bed) => {
  await bed.tungo("-L", `${TUNGO}&interface=eth1`);
  await expectTraffic(bed, CLIENT.eth1);
});

bedTest("two hops are a chain", async (bed) => {
  await bed.farEnd("-L", "relay+wss://user:pass@:8443");
  await bed.farEnd("-L", "relay+ws://user:pass@:8444");
  await bed.tungo(
    ...["-L", TUNGO],
    ...["-F", `relay+wss://user:pass@${SERVER}:8443?interface=eth0`],
    ...["-F", `relay+ws://user:pass@127.0.0.1:8444`],
  );
  await expectTraffic(bed, TARGET4);
});

bedTest(
  "a hop with a dead node goes through the one that lives",
  async (bed) => {
    await bed.farEnd("-L", "relay+ws://user:pass@:8444");
    await bed.tungo(
      ...["-L", `${TUNGO}&retries=1`],
      ...[
        "-F",
        `relay+ws://user:pass@${SERVER}:8443,${SERVER}:8444?interface=eth0&strategy=fifo`,
      ],
    );
    await expectTraffic(bed, TARGET4);
  },
);
