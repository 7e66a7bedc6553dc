import { assert, assertEquals, assertRejects } from "@std/assert";
import { createServer } from "node:net";
import { openPlatform, type Platform } from "../../ffi/mod.ts";
import { TruncatedError } from "../../src/base/errors.ts";
import type { TcpSocket } from "../../src/base/socket.ts";
import { SendBuffers } from "../../src/flow/send_queue.ts";
import { socketStream } from "../../src/flow/socket_stream.ts";
import type { ByteStream } from "../../src/flow/stream.ts";
import { countDescriptors, descriptorsDownTo } from "../support/descriptors.ts";
import { netnsTest } from "../support/netns.ts";

const NEVER = new AbortController().signal;
const BUFFERS = new SendBuffers();

/** More than both kernels' buffers hold. */
const LARGE = 24 << 20;

/** This Deno can read without node:net. */
async function open(platform: Platform, port: number): Promise<TcpSocket> {
  const target = { host: "127.0.0.1", port, signal: NEVER };
  const socket = await platform.openSocket(target);
  assert("toNode" in socket);
  return socket;
}

/** Connects to a listener of this process. */
async function connect(
  platform: Platform,
): Promise<{ socket: TcpSocket; stream: ByteStream; peer: Deno.TcpConn }> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const socket = await open(platform, listener.addr.port);
  const stream = socketStream(socket, BUFFERS);
  return { socket, stream, peer: await accepted };
}

async function readAll(stream: ByteStream): Promise<number> {
  let octets = 0;
  while (await stream.read(({ length }) => octets += length));
  return octets;
}

/** What the peer reads, checked against the pattern of `pattern`. */
async function readPattern(peer: Deno.TcpConn): Promise<number> {
  const buffer = new Uint8Array(300_000);
  let octets = 0;
  for (;;) {
    const count = await peer.read(buffer);
    if (count === null) return octets;
    for (let i = 0; i < count; i += 997) {
      assertEquals(buffer[i], (octets + i) % 251);
    }
    octets += count;
  }
}

function pattern(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(LARGE).map((_, i) => i % 251);
}

netnsTest(
  "openSocket carries more than the kernel takes at once, to a peer that is slow, and half-closes",
  [
    "host",
  ],
  async (net) => {
    await using platform = openPlatform();
    await net.host.inside(async () => {
      const { stream, peer } = await connect(platform);
      const octets = pattern();
      const reading = (async () => {
        await new Promise((resolve) => setTimeout(resolve, 100));
        const count = await readPattern(peer);
        await peer.write(octets.subarray(0, 5));
        peer.close();
        return count;
      })();
      for (let at = 0; at < LARGE; at += 100_000) {
        await stream.write(octets.subarray(at, at + 100_000));
      }
      await stream.closeWrite();

      assertEquals(await readAll(stream), 5);
      assertEquals(await reading, LARGE);
      await stream[Symbol.asyncDispose]();
    });
  },
);

netnsTest(
  "openSocket sends all that was written before its stream was disposed",
  [
    "host",
  ],
  async (net) => {
    await using platform = openPlatform();
    await net.host.inside(async () => {
      const before = countDescriptors();
      const { stream, peer } = await connect(platform);
      await peer.closeWrite();
      assertEquals(await readAll(stream), 0);
      void stream.write(pattern());
      await stream.closeWrite();
      await stream[Symbol.asyncDispose]();

      assertEquals(await readPattern(peer), LARGE);
      peer.close();
      await descriptorsDownTo(before);
    });
  },
);

netnsTest("openSocket holds a sender back whom nobody reads", [
  "host",
], async (net) => {
  await using platform = openPlatform();
  await net.host.inside(async () => {
    const { stream, peer } = await connect(platform);
    let sent = 0;
    const octets = pattern();
    const sending = (async () => {
      while (sent < LARGE) sent += await peer.write(octets.subarray(sent));
      peer.close();
    })();
    await stream.read(() => {});
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert(sent < LARGE, `${sent} octets`);

    await readAll(stream);
    await sending;
    stream.abort(new Error("Enough"));
  });
});

netnsTest("openSocket tells a reset from an end, and resets what is aborted", [
  "host",
], async (net) => {
  await using platform = openPlatform();
  await net.host.inside(async () => {
    const first = await connect(platform);
    let gone = false;
    first.socket.onClose = () => gone = true;
    first.stream.abort(new Error("Enough"));
    await assertRejects(
      () => first.peer.read(new Uint8Array(1)),
      Deno.errors.ConnectionReset,
    );
    first.peer.close();
    assertEquals(gone, true);

    const server = createServer((socket) => void socket.resetAndDestroy());
    await new Promise<void>((resolve) => server.listen(7001, resolve));
    const stream = socketStream(await open(platform, 7001), BUFFERS);
    await assertRejects(() => readAll(stream), TruncatedError, "reset");
    await assertRejects(() => stream.write(new Uint8Array(1)), TruncatedError);
    stream.abort(new Error("Enough"));
    await new Promise((resolve) => server.close(resolve));
  });
});

netnsTest("openSocket ends with the reason that it is failed with", [
  "host",
], async (net) => {
  await using platform = openPlatform();
  await net.host.inside(async () => {
    const { socket, stream, peer } = await connect(platform);
    const reading = readAll(stream);
    socket.fail(new TruncatedError("The network has changed"));
    await assertRejects(() => reading, TruncatedError, "has changed");
    stream.abort(new Error("Enough"));
    peer.close();
  });
});

netnsTest(
  "openSocket hands its socket over to node:net, and still tells of its end",
  [
    "host",
  ],
  async (net) => {
    await using platform = openPlatform();
    await net.host.inside(async () => {
      const { socket, peer } = await connect(platform);
      const closed = new Promise<void>((resolve) => socket.onClose = resolve);
      const node = socket.toNode();
      node.end("hello");
      const buffer = new Uint8Array(9);
      assertEquals(await peer.read(buffer), 5);
      peer.close();
      node.resume();
      node.once("end", () => node.destroy());
      await closed;
    });
  },
);

netnsTest("openSocket leaks no descriptor in 2 000 connections", [
  "host",
], async (net) => {
  await using platform = openPlatform();
  await net.host.inside(async () => {
    const before = countDescriptors();
    for (let i = 0; i < 2000; i++) {
      const { stream, peer } = await connect(platform);
      await stream.write(Uint8Array.of(i));
      assertEquals(await peer.read(new Uint8Array(2)), 1);
      peer.close();
      assertEquals(await readAll(stream), 0);
      if (i % 2 === 0) await stream.closeWrite();
      await stream[Symbol.asyncDispose]();
    }
    await descriptorsDownTo(before);
  });
});
