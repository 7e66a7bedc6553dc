import { once } from "node:events";
import type { Socket } from "node:dgram";
import { assertEquals, assertMatch } from "@std/assert";
import { bedTest, TARGET4, TARGET6 } from "../support/bed.ts";
import { udpSocket, udpTarget } from "../support/targets.ts";

const ANY4 = { hostname: "0.0.0.0", port: 0 };
const ANY6 = { hostname: "::", port: 0 };

/** Up to the most that fits into an IPv4 packet; on both sides of what fits into the MTU of 1420. */
const SIZES = [0, 1, 1391, 1392, 1393, 1472, 8192, 65_000, 65_507];

bedTest(
  "tungo carries datagrams of 0 to 65 507 octets [H.2 empty datagrams, K17]",
  async (bed) => {
    const { client, server } = bed.net;
    await bed.relayed();
    for (const [hostname, any] of [[TARGET4, ANY4], [TARGET6, ANY6]] as const) {
      const echo = { hostname, port: 7000 };
      using _target = await udpTarget(server, echo, (datagram) => datagram);
      const socket = await udpSocket(client, any);
      for (const size of SIZES) {
        const datagram = crypto.getRandomValues(new Uint8Array(size));
        socket.send(datagram, echo.port, echo.hostname);
        const [answer] = await once(socket, "message");
        assertEquals(new Uint8Array(answer), datagram, `${hostname} ${size}`);
      }
      socket.close();
    }
  },
);

bedTest(
  "tungo keeps apart what one socket asks two nameservers",
  async (bed) => {
    const { client, server } = bed.net;
    await bed.relayed();
    await server.ip("addr add 198.51.100.11/32 dev lo");
    const answer = (name: string) => () => new TextEncoder().encode(name);
    const first = { hostname: TARGET4, port: 53 };
    const second = { hostname: "198.51.100.11", port: 53 };
    using _first = await udpTarget(server, first, answer("first"));
    using _second = await udpTarget(server, second, answer("second"));
    const socket = await udpSocket(client, ANY4);
    const heard = collect(socket, 4);
    // As glibc asks for A and AAAA, of two servers.
    for (const { hostname } of [first, second, first, second]) {
      socket.send("?", 53, hostname);
    }
    const answers = (await heard).sort();
    assertEquals(answers, [
      "198.51.100.10 first",
      "198.51.100.10 first",
      "198.51.100.11 second",
      "198.51.100.11 second",
    ]);
    socket.close();
  },
);

function collect(socket: Socket, count: number): Promise<string[]> {
  const heard: string[] = [];
  return new Promise((resolve) => {
    socket.on("message", (datagram, { address }) => {
      heard.push(`${address} ${datagram}`);
      if (heard.length === count) resolve(heard);
    });
  });
}

bedTest(
  "tungo tells a UDP socket that the target's port is closed",
  async (bed) => {
    const { client } = bed.net;
    await bed.relayed();
    const dig = `dig +tries=1 +timeout=5 @${TARGET4} example.com || true`;
    const output = await client.run("sh", "-c", dig);
    assertMatch(output, /connection refused/);
  },
);
