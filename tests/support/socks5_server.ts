/**
 * A SOCKS5 server (RFC 1928, RFC 1929) for tests, as a program of its own: `socks5_server.ts HOST PORT USER PASSWORD`.
 * CONNECT and UDP ASSOCIATE for IPv4 and names; prints a line once it listens.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";

const CONNECT = 1;
const ASSOCIATE = 3;
const SUCCEEDED = 0;
const FAILED = 1;
const REFUSED = 5;

const [hostname = "", port = "", user = "", password = ""] = Deno.args;

async function serve(connection: Deno.Conn): Promise<void> {
  const take = async (length: number): Promise<Uint8Array<ArrayBuffer>> => {
    const octets = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      const count = await connection.read(octets.subarray(filled));
      if (count === null) throw new Error("The client has gone");
      filled += count;
    }
    return octets;
  };
  const one = async (): Promise<number> => (await take(1))[0] ?? 0;
  const text = async (): Promise<string> =>
    new TextDecoder().decode(await take(await one()));
  const say = (...octets: number[]) =>
    connection.write(Uint8Array.from(octets));

  await take(1);
  await take(await one());
  await say(5, 2);
  await take(1);
  const known = await text() === user && await text() === password;
  await say(1, known ? 0 : 1);
  if (!known) return connection.close();

  const [, command, , type] = await take(4);
  const host = type === 3 ? await text() : (await take(4)).join(".");
  const target = new DataView((await take(2)).buffer).getUint16(0);
  const reply = (code: number, bound = 0) =>
    say(5, code, 0, 1, ...hostname.split(".").map(Number), bound >> 8, bound);
  if (command === CONNECT) {
    try {
      const out = await Deno.connect({ hostname: host, port: target });
      await reply(SUCCEEDED);
      await Promise.all([
        connection.readable.pipeTo(out.writable),
        out.readable.pipeTo(connection.writable),
      ]);
    } catch (error) {
      const refused = error instanceof Deno.errors.ConnectionRefused;
      await reply(refused ? REFUSED : FAILED);
      connection.close();
    }
  } else if (command === ASSOCIATE) {
    await associate(connection, reply);
  }
}

/** Lasts as long as the connection that has asked for it. RFC 1928 §7. */
async function associate(
  connection: Deno.Conn,
  reply: (code: number, bound: number) => Promise<number>,
): Promise<void> {
  const socket = createSocket("udp4");
  socket.bind(0);
  await once(socket, "listening");
  let client: { readonly address: string; readonly port: number } | undefined;
  socket.on("message", (datagram, from) => {
    client ??= from;
    if (from.port === client.port && from.address === client.address) {
      const address = datagram.subarray(4, 8).join(".");
      socket.send(datagram.subarray(10), datagram.readUInt16BE(8), address);
    } else {
      const address = from.address.split(".").map(Number);
      const head = [0, 0, 0, 1, ...address, from.port >> 8, from.port];
      const octets = [Uint8Array.from(head), datagram];
      socket.send(octets, client.port, client.address);
    }
  });
  await reply(SUCCEEDED, socket.address().port);
  while (await connection.read(new Uint8Array(64)) !== null);
  socket.close();
}

async function main(): Promise<void> {
  const listener = Deno.listen({ hostname, port: Number(port) });
  Deno.stdout.writeSync(new TextEncoder().encode("ready\n"));
  for await (const connection of listener) serve(connection).catch(() => {});
}

void main();
