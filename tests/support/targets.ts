import type { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import type { Namespace } from "./netns.ts";

export interface Endpoint {
  readonly hostname: string;
  readonly port: number;
}

type Served = AsyncDisposable;

/** Serves each connection with `serve`, and closes it afterwards. */
export async function tcpTarget(
  space: Namespace,
  where: Endpoint,
  serve: (connection: Deno.TcpConn) => Promise<void>,
): Promise<Disposable> {
  const listener = await space.inside(() => Deno.listen(where));
  const accept = async (): Promise<void> => {
    for await (const connection of listener) {
      serve(connection).catch(() => {}).finally(() => {
        try {
          connection.close();
        } catch {
          // The client has reset it.
        }
      });
    }
  };
  void accept();
  return { [Symbol.dispose]: () => listener.close() };
}

/**
 * Reads each connection to its end, answers the SHA-256 of what came (64 digits), then as many octets as came, each the low octet
 * of its number, and its own end.
 */
export function hashTarget(
  space: Namespace,
  where: Endpoint,
): Promise<Disposable> {
  return tcpTarget(space, where, async (connection) => {
    const hash = createHash("sha256");
    const buffer = new Uint8Array(65_536);
    let octets = 0;
    for (let n; (n = await connection.read(buffer)) !== null;) {
      hash.update(buffer.subarray(0, n));
      octets += n;
    }
    await writeAll(connection, new TextEncoder().encode(hash.digest("hex")));
    const pattern = buffer.map((_, i) => i);
    for (let left = octets; left > 0; left -= pattern.length) {
      await writeAll(connection, pattern.subarray(0, left));
    }
    await connection.closeWrite();
  });
}

async function writeAll(
  connection: Deno.TcpConn,
  octets: Uint8Array,
): Promise<void> {
  for (let at = 0; at < octets.length;) {
    at += await connection.write(octets.subarray(at));
  }
}

/** Answers with the address it was asked from, which tells who has opened the connection. */
export function whoAsks(space: Namespace, where: Endpoint): Promise<Served> {
  return httpTarget(space, where, (_, { remoteAddr: { hostname } }) => {
    return new Response(hostname);
  });
}

/** A web server. */
export async function httpTarget(
  space: Namespace,
  where: Endpoint,
  handler: Deno.ServeHandler<Deno.NetAddr>,
): Promise<Served> {
  const server = await space.inside(() =>
    Deno.serve({ ...where, onListen: () => {} }, handler)
  );
  return { [Symbol.asyncDispose]: () => server.shutdown() };
}

/** Answers each datagram as `answer` says. */
export async function udpTarget(
  space: Namespace,
  where: Endpoint,
  answer: (datagram: Buffer, from: RemoteInfo) => Uint8Array,
): Promise<Disposable> {
  const socket = await udpSocket(space, where);
  socket.on("message", (datagram, from) => {
    socket.send(answer(datagram, from), from.port, from.address);
  });
  return { [Symbol.dispose]: () => void socket.close() };
}

/** A nameserver for which every name but those under "invalid" has this one IPv4 address, and none of IPv6. */
export function nameserver(
  space: Namespace,
  hostname: string,
  address: string,
): Promise<Disposable> {
  const octets = address.split(".").map(Number);
  return udpTarget(space, { hostname, port: 53 }, (query) => {
    const end = query.indexOf(0, 12) + 5;
    const name = query.subarray(12, end).toString();
    const isA = query[end - 3] === 1 && !name.includes("invalid");
    const answer = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...octets];
    // RFC 1035 §4.1.1: QR and RD, one question, the answers.
    const head = [0x81, 0x80, 0, 1, 0, isA ? 1 : 0, 0, 0, 0, 0];
    return Uint8Array.of(
      ...query.subarray(0, 2),
      ...head,
      ...query.subarray(12, end),
      ...isA ? answer : [],
    );
  });
}

/** A bound socket. */
export async function udpSocket(
  space: Namespace,
  { hostname, port }: Endpoint,
): Promise<Socket> {
  return await space.inside(async () => {
    const type = hostname.includes(":") ? "udp6" : "udp4";
    const socket = createSocket({ type, recvBufferSize: 1 << 20 });
    socket.bind(port, hostname);
    await once(socket, "listening");
    return socket;
  });
}

/** Octets that cannot be told from random ones, and what `sha256sum` says of them. */
export function octetSource(
  length: number,
): {
  readonly octets: ReadableStream<Uint8Array<ArrayBuffer>>;
  sha256(): string;
} {
  const block = crypto.getRandomValues(new Uint8Array(65536));
  const hash = createHash("sha256");
  let left = length;
  const octets = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const piece = block.slice(0, left);
      new DataView(piece.buffer).setFloat64(0, left);
      hash.update(piece);
      left -= piece.length;
      controller.enqueue(piece);
      if (left === 0) controller.close();
    },
  });
  return { octets, sha256: () => hash.digest("hex") };
}

/** What `sha256sum` says of a stream. */
export async function sha256Of(
  octets: ReadableStream<Uint8Array>,
): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of octets) hash.update(piece);
  return hash.digest("hex");
}
