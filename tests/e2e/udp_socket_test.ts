import { assert, assertEquals, assertThrows } from "@std/assert";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { probePipes } from "../../ffi/node_handles.ts";
import type { Platform } from "../../ffi/platform.ts";
import { openLinux } from "../../ffi/platform_linux.ts";
import { DialError } from "../../src/base/errors.ts";
import type { SocketOptions, UdpSocket } from "../../src/base/socket.ts";
import { countDescriptors, descriptorsDownTo } from "../support/descriptors.ts";
import { type Namespace, netnsTest } from "../support/netns.ts";
import { CLIENT, joinTwoWays, SERVER4, SERVER6 } from "../support/two_ways.ts";

const NEVER = new AbortController().signal;
const SIZES = [1, 0, 0, 1200, 0, 1472, 9000, 65_507];

for (
  const [way, pipes] of Object.entries({
    pipes: probePipes(),
    poller: undefined,
  })
) {
  netnsTest(`openUdp by ${way}: datagrams of 0 to 65 507 octets come back`, [
    "host",
  ], async (net) => {
    await using platform = openLinux(pipes);
    await using echo = await openEcho(net.host, "127.0.0.1");
    await net.host.inside(async () => {
      using socket = open(platform, { host: "127.0.0.1", port: echo.port });
      const inbox = new Inbox(socket);
      for (const size of SIZES) {
        socket.send(octets(size));
        assertEquals(await inbox.next(), octets(size), `${size} octets`);
      }
    });
  });

  netnsTest(
    `openUdp by ${way}: a burst comes back in order`,
    ["host"],
    async (net) => {
      await using platform = openLinux(pipes);
      await using echo = await openEcho(net.host, "127.0.0.1");
      await net.host.inside(async () => {
        using socket = open(platform, { host: "127.0.0.1", port: echo.port });
        const inbox = new Inbox(socket);
        // From the 128th on Deno's own UDP, which echoes here, mixes them up.
        const sizes = Array.from({ length: 120 }, (_, i) => 1 + i);
        for (const size of sizes) socket.send(octets(size));
        const got: number[] = [];
        for (const _ of sizes) got.push((await inbox.next()).length);
        assertEquals(got, sizes);
      });
    },
  );

  netnsTest(
    `openUdp by ${way}: a refusal by ICMP is told, once for each, and the socket lives on [RFC 1122 §4.1.3.3]`,
    ["host"],
    async (net) => {
      await using platform = openLinux(pipes);
      await net.host.inside(async () => {
        using socket = open(platform, { host: "127.0.0.1", port: 7001 });
        const inbox = new Inbox(socket);
        for (let i = 0; i < 3; i++) {
          socket.send(octets(10));
          const error = await inbox.error();
          assertEquals(error.kind, "refused");
          assert(error.message.includes("ECONNREFUSED"), error.message);
        }
        await using _echo = await openEcho(net.host, "127.0.0.1", 7001);
        socket.send(octets(10));
        assertEquals(await inbox.next(), octets(10));
      });
    },
  );

  netnsTest(
    `openUdp by ${way}: unreachable hosts behind a router are told [RFC 792]`,
    ["client", "server"],
    async (net) => {
      await using platform = openLinux(pipes);
      await joinTwoWays(net);
      await net.server.sysctl("net.ipv4.ip_forward", 1);
      await net.server.sysctl("net.ipv6.conf.all.forwarding", 1);
      await net.server.ip("route add unreachable 198.51.100.0/24");
      await net.server.ip("-6 route add unreachable 2001:db8:1::/64");
      await net.client.ip("route add 198.51.100.0/24 via 10.0.0.2");
      await net.client.ip("-6 route add 2001:db8:1::/64 via fd00::2");
      await net.client.inside(async () => {
        for (const host of ["198.51.100.1", "2001:db8:1::1"]) {
          using socket = open(platform, { host, port: 53 });
          const inbox = new Inbox(socket);
          socket.send(octets(10));
          assertEquals((await inbox.error()).kind, "unreachable", host);
        }
      });
    },
  );
}

netnsTest("openUdp leaves by the interface that it was given", [
  "client",
  "server",
], async (net) => {
  await using platform = openLinux(probePipes());
  await joinTwoWays(net);
  const { eth0, eth1 } = CLIENT;
  const rows: [Partial<SocketOptions>, string][] = [
    [{ host: SERVER4 }, eth0.ipv4],
    [{ host: SERVER4, interface: "eth1" }, eth1.ipv4],
    [{ host: SERVER4, interface: eth1.ipv4 }, eth1.ipv4],
    [{ host: SERVER6 }, eth0.ipv6],
    [{ host: SERVER6, interface: "eth1" }, eth1.ipv6],
    [{ host: SERVER6, interface: eth1.ipv6 }, eth1.ipv6],
  ];
  for (const [options, expected] of rows) {
    await using echo = await openEcho(net.server, options.host ?? "");
    using socket = await net.client.inside(() =>
      open(platform, { port: echo.port, ...options })
    );
    const inbox = new Inbox(socket);
    socket.send(octets(1));
    await inbox.next();
    assertEquals(echo.peer(), expected, JSON.stringify(options));
  }
});

netnsTest(
  "openUdp throws what the system says at once",
  ["host"],
  async (net) => {
    await using platform = openLinux(probePipes());
    await net.host.inside(() => {
      const rows: [Partial<SocketOptions>, string][] = [
        [{ host: "203.0.113.1" }, "ENETUNREACH"],
        [{ host: "203.0.113.1", interface: "eth9" }, "ENODEV"],
        [{ host: "203.0.113.1", interface: "10.0.0.9" }, "no interface has"],
      ];
      for (const [options, reason] of rows) {
        const { kind } = assertThrows(
          () => open(platform, options),
          DialError,
          reason,
        );
        assertEquals(kind, "unreachable");
      }
    });
  },
);

netnsTest(
  "openUdp drops what is too large, and leaks nothing",
  ["host"],
  async (net) => {
    await using platform = openLinux(probePipes());
    await net.host.inside(async () => {
      const before = countDescriptors();
      const payload = new Uint8Array(65_508);
      for (let i = 0; i < 500; i++) {
        using socket = open(platform, { host: "127.0.0.1", port: 9 });
        socket.onError = ({ message }) => {
          throw new Error(message);
        };
        socket.send(payload);
      }
      await descriptorsDownTo(before);
    });
  },
);

netnsTest("a closed UDP socket is silent", ["host"], async (net) => {
  await using platform = openLinux(probePipes());
  await using echo = await openEcho(net.host, "127.0.0.1");
  await net.host.inside(async () => {
    const socket = open(platform, { host: "127.0.0.1", port: echo.port });
    const witness = open(platform, { host: "127.0.0.1", port: echo.port });
    socket.onDatagram = () => {
      throw new Error("A datagram for nobody");
    };
    const inbox = new Inbox(witness);
    socket.send(octets(1));
    socket[Symbol.dispose]();
    socket[Symbol.dispose]();
    socket.send(octets(2));
    witness.send(octets(3));
    assertEquals(await inbox.next(), octets(3));
    assertEquals(echo.count(), 2);
    witness[Symbol.dispose]();
  });
});

function open(platform: Platform, options: Partial<SocketOptions>): UdpSocket {
  return platform.openUdp({ host: "", port: 1, signal: NEVER, ...options });
}

/** Collects what comes to a socket. */
class Inbox {
  readonly #datagrams: Uint8Array[] = [];
  readonly #errors: DialError[] = [];
  #wake: () => void = () => {};

  constructor(socket: UdpSocket) {
    socket.onDatagram = (payload) => {
      this.#datagrams.push(payload.slice());
      this.#wake();
    };
    socket.onError = (error) => {
      this.#errors.push(error);
      this.#wake();
    };
  }

  next(): Promise<Uint8Array> {
    return this.#first(this.#datagrams);
  }

  error(): Promise<DialError> {
    return this.#first(this.#errors);
  }

  async #first<T>(queue: T[]): Promise<T> {
    for (;;) {
      const first = queue.shift();
      if (first !== undefined) return first;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

interface Echo extends AsyncDisposable {
  readonly port: number;
  /** Address of the last sender. */
  readonly peer: () => string;
  /** Datagrams so far. */
  readonly count: () => number;
}

async function openEcho(
  space: Namespace,
  host: string,
  port = 0,
): Promise<Echo> {
  const server = createSocket(host.includes(":") ? "udp6" : "udp4");
  let peer = "";
  let count = 0;
  server.on("message", (payload, from) => {
    peer = from.address;
    count++;
    server.send(payload, from.port, from.address);
  });
  await space.inside(() => {
    server.bind(port, host);
    return once(server, "listening");
  });
  return {
    port: server.address().port,
    peer: () => peer,
    count: () => count,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

function octets(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 7 + length);
}
