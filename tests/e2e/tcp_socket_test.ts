import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Socket } from "node:net";
import { once } from "node:events";
import { openPlatform, type Platform } from "../../ffi/mod.ts";
import { DeviceError, DialError } from "../../src/base/errors.ts";
import type { SocketOptions } from "../../src/base/socket.ts";
import { formatAddress } from "../../src/wire/address.ts";
import { createPacketBuffer } from "../../src/wire/packet_buffer.ts";
import { countDescriptors, descriptorsDownTo } from "../support/descriptors.ts";
import { type Namespaces, netnsTest } from "../support/netns.ts";
import { silentLog } from "../support/silent_log.ts";
import { CLIENT, joinTwoWays, SERVER4, SERVER6 } from "../support/two_ways.ts";

const NEVER = new AbortController().signal;

netnsTest(
  "openSocket carries octets both ways, and half-closes",
  ["host"],
  async (net) => {
    await using platform = openPlatform();
    await net.host.inside(async () => {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 7000 });
      const serving = serveOne(listener, async (connection) => {
        const heard = await readAll(connection);
        await connection.write(new TextEncoder().encode(`heard ${heard}`));
      });
      const socket = await dial(platform, { host: "127.0.0.1", port: 7000 });
      assertEquals(socket.remotePort, 7000);
      socket.end("hello");
      assertEquals(await text(socket), "heard hello");
      await serving;
    });
  },
);

netnsTest("openSocket says why it could not", ["host"], async (net) => {
  await using platform = openPlatform();
  await addSilentNetwork(net);
  await net.host.ip("route add unreachable 198.51.100.0/24");
  const rows: [Partial<SocketOptions>, DialError["kind"], string][] = [
    [{ host: "127.0.0.1" }, "refused", "ECONNREFUSED"],
    [{ host: "::1" }, "refused", "ECONNREFUSED"],
    [{ host: "::ffff:127.0.0.1" }, "refused", "ECONNREFUSED"],
    [{ host: "203.0.113.1" }, "unreachable", "ENETUNREACH"],
    [{ host: "2001:db8::1" }, "unreachable", "ENETUNREACH"],
    [{ host: "198.51.100.1" }, "unreachable", "EHOSTUNREACH"],
    [{ host: "10.0.0.2", interface: "eth9" }, "unreachable", "ENODEV"],
  ];
  await net.host.inside(async () => {
    for (const [options, kind, errno] of rows) {
      const error = await assertRejects(
        () => dial(platform, { port: 9, ...options }),
        DialError,
        errno,
      );
      assertEquals(error.kind, kind);
      assertEquals((error.cause as DeviceError).errno, errno);
    }
    await assertRejects(
      () => dial(platform, { host: "10.0.0.2", interface: "10.0.0.9" }),
      DialError,
      'no interface has the address "10.0.0.9"',
    );
    await assertRejects(
      () => dial(platform, { host: "example.com" }),
      DialError,
      '"example.com" is not an address',
    );
  });
});

netnsTest("openSocket gives up when it is told to, and leaves nothing open", [
  "host",
], async (net) => {
  await using platform = openPlatform();
  await addSilentNetwork(net);
  await net.host.inside(async () => {
    const before = countDescriptors();
    const controllers = Array.from({ length: 50 }, () => new AbortController());
    const dials = controllers.map(({ signal }) =>
      dial(platform, { host: "10.0.0.2", port: 9, signal })
    );
    assertEquals(countDescriptors(), before + 50);
    for (const controller of controllers) controller.abort(new Error("Enough"));
    for (const dialling of dials) {
      await assertRejects(() => dialling, Error, "Enough");
    }
    assertEquals(countDescriptors(), before);

    const signal = AbortSignal.abort(new Error("Before"));
    await assertRejects(
      () => dial(platform, { host: "10.0.0.2", signal }),
      Error,
      "Before",
    );
    assertEquals(countDescriptors(), before);
  });
});

netnsTest(
  "openSocket leaves by the interface that it was given [H.2 interface by address]",
  [
    "client",
    "server",
  ],
  async (net) => {
    await using platform = openPlatform();
    await joinTwoWays(net);
    await net.client.ip("rule add fwmark 7 table 100");
    await net.client.ip(`route add ${SERVER4} via 10.0.1.2 table 100`);
    const { eth0, eth1 } = CLIENT;
    const rows: [Partial<SocketOptions>, string][] = [
      [{ host: SERVER4 }, eth0.ipv4],
      [{ host: SERVER4, interface: "eth0" }, eth0.ipv4],
      [{ host: SERVER4, interface: "eth1" }, eth1.ipv4],
      [{ host: SERVER4, interface: eth1.ipv4 }, eth1.ipv4],
      [{ host: SERVER4, mark: 7 }, eth1.ipv4],
      [{ host: SERVER6 }, eth0.ipv6],
      [{ host: SERVER6, interface: "eth1" }, eth1.ipv6],
      [{ host: SERVER6, interface: eth1.ipv6 }, eth1.ipv6],
    ];
    for (const [options, expected] of rows) {
      const peer = await peerSeenBy(net, platform, options);
      assertEquals(peer, expected, JSON.stringify(options));
    }
  },
);

netnsTest(
  "openSocket reaches a link-local address through its interface [RFC 4291 §2.5.6]",
  ["client", "server"],
  async (net) => {
    await using platform = openPlatform();
    await joinTwoWays(net);
    await net.server.ip("-6 addr add fe80::5/64 dev eth1 nodad");
    await net.client.ip("-6 addr add fe80::6/64 dev eth1 nodad");
    for (const through of ["eth1", "fe80::6"]) {
      const options = { host: "fe80::5", interface: through };
      const peer = await peerSeenBy(net, platform, options);
      assert(peer.startsWith("fe80::"), peer);
    }
  },
);

netnsTest("ownSocket knows every socket from its first packet to its end", [
  "host",
], async (net) => {
  await using platform = openPlatform();
  await net.host.inside(async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 7000 });
    const serving = serveOne(listener, async (connection) => {
      await readAll(connection);
    });
    const socket = await dial(platform, { host: "127.0.0.1", port: 7000 });
    const local = { host: "127.0.0.1", port: socket.localPort ?? 0 };
    const remote = { host: "127.0.0.1", port: 7000 };
    const connected = platform.ownSocket("tcp", local, remote);
    const closed = once(socket, "close");
    socket.destroy();
    await closed;
    await serving;

    assertEquals(connected, "connected");
    assertEquals(platform.ownSocket("tcp", local, remote), undefined);
  });
});

netnsTest(
  "ownSocket knows the SYN of a dial that runs into the TUN",
  ["host"],
  async (net) => {
    await using platform = openPlatform();
    await net.host.sysctl("net.ipv6.conf.default.disable_ipv6", 1);
    await net.host.inside(async () => {
      await using device = platform.openTun({
        ...{ name: "tun0", mtu: 1420, log: silentLog },
      });
      await net.host.ip("addr add 10.9.0.1/24 dev tun0");
      const abort = new AbortController();
      const options = { host: "10.9.0.2", port: 443, signal: abort.signal };
      const dialling = dial(platform, options);
      const packet = createPacketBuffer();
      assertEquals(await device.readable(), true);
      assertEquals(device.receive(packet), true);
      const { view, bytes, start } = packet;
      const local = {
        host: formatAddress(bytes, start + 12, 4),
        port: view.getUint16(start + 20),
      };
      const remote = {
        host: formatAddress(bytes, start + 16, 4),
        port: view.getUint16(start + 22),
      };
      const state = platform.ownSocket("tcp", local, remote);
      abort.abort(new Error("Enough"));
      await assertRejects(() => dialling, Error, "Enough");

      assertEquals(local.host, "10.9.0.1");
      assertEquals(remote, { host: "10.9.0.2", port: 443 });
      assertEquals(state, "connecting");
      assertEquals(platform.ownSocket("tcp", local, remote), undefined);
    });
  },
);

netnsTest(
  "openSocket leaks no descriptor in 2 000 connections",
  ["host"],
  async (net) => {
    await using platform = openPlatform();
    await net.host.inside(async () => {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 7000 });
      const serving = echo(listener);
      const before = countDescriptors();
      const one = async (): Promise<void> => {
        const socket = await dial(platform, { host: "127.0.0.1", port: 7000 });
        socket.end("ping");
        assertEquals(await text(socket), "ping");
      };
      for (let i = 0; i < 2000; i += 50) {
        await Promise.all(Array.from({ length: 50 }, one));
      }
      await descriptorsDownTo(before);
      listener.close();
      await serving;
    });
  },
);

/** 10.0.0.2 neither answers nor is anybody's to say that it does not. */
async function addSilentNetwork(net: Namespaces<"host">): Promise<void> {
  await net.host.ip("link add d0 type veth peer name d1");
  await net.host.ip("link set d0 up");
  await net.host.ip("link set d1 up");
  await net.host.ip("addr add 10.0.0.1/24 dev d0");
  await net.host.ip("neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev d0");
}

async function peerSeenBy(
  net: Namespaces<"client" | "server">,
  platform: Platform,
  options: Partial<SocketOptions>,
): Promise<string> {
  const listener = await net.server.inside(() =>
    Deno.listen({ hostname: "::", port: 7000 })
  );
  let peer = "";
  const serving = serveOne(listener, (connection) => {
    peer = connection.remoteAddr.hostname.replace("::ffff:", "");
    return Promise.resolve();
  });
  const socket = await net.client.inside(() =>
    dial(platform, { port: 7000, ...options })
  );
  await text(socket);
  await serving;
  return peer;
}

async function dial(
  platform: Platform,
  options: Partial<SocketOptions>,
): Promise<Socket> {
  const all = { host: "", port: 1, signal: NEVER, ...options };
  const socket = await platform.openSocket(all);
  return "toNode" in socket ? socket.toNode() : socket;
}

async function serveOne(
  listener: Deno.TcpListener,
  serve: (connection: Deno.TcpConn) => Promise<void>,
): Promise<void> {
  const connection = await listener.accept();
  listener.close();
  await serve(connection);
  connection.close();
}

async function echo(listener: Deno.Listener): Promise<void> {
  for await (const connection of listener) {
    void connection.readable.pipeTo(connection.writable);
  }
}

async function readAll(connection: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(1024);
  const count = await connection.read(buffer);
  if (count === null) return "";
  return new TextDecoder().decode(buffer.subarray(0, count)) +
    await readAll(connection);
}

/** All that comes until the end; our end is closed then too. */
async function text(socket: Socket): Promise<string> {
  const parts: string[] = [];
  for await (const part of socket) parts.push(String(part));
  socket.destroy();
  return parts.join("");
}
