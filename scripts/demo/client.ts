import { createSocket } from "node:dgram";
import { once } from "node:events";
import { openLibc } from "../../ffi/libc.ts";
import { encodeDnsQuery, parseDnsAnswer } from "../../src/proto/dns.ts";
import { parseAddress } from "../../src/wire/address.ts";
import { onesComplementSum } from "../../src/wire/checksum.ts";

// sys/socket.h, netinet/in.h
const AF_INET = 2;
const SOCK_RAW = 3;
const IPPROTO_ICMP = 1;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const IPV4_HEADER = 20;

/** In ms. */
const PATIENCE = 5000;

/**
 * What stands in for curl, dig and ping where they are missing, as a process of its own: `http URL`, `bulk URL`,
 * `dns SERVER NAME`, `ping ADDRESS`. Output and exit codes are theirs.
 */
if (import.meta.main) main(Deno.args).then(Deno.exit);

async function main([what, where = "", name = ""]: string[]): Promise<number> {
  try {
    switch (what) {
      case "http":
        return await print(await (await get(where)).text());
      case "bulk":
        return await print(`${await bulk(where)}\n`);
      case "dns":
        return await print(`${await ask(where, name)}\n`);
      case "ping":
        return await print(`${ping(where)}\n`);
      default:
        throw new Error(`Cannot do "${what}"`);
    }
  } catch (error) {
    await Deno.stderr.write(new TextEncoder().encode(`${reasonOf(error)}\n`));
    return error instanceof TypeError ? 7 : 1;
  }
}

async function print(text: string): Promise<number> {
  await Deno.stdout.write(new TextEncoder().encode(text));
  return 0;
}

/** `fetch` hides what the system has said in a cause, behind a sentence about itself. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause !== undefined) return reasonOf(cause);
  const said = /([A-Z][^:]*) \(os error \d+\)/.exec(String(error));
  return said?.[1] ?? String(error);
}

function get(url: string): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(6 * PATIENCE) });
}

/** Octets and seconds. */
async function bulk(url: string): Promise<string> {
  const start = performance.now();
  let octets = 0;
  for await (const { length } of (await get(url)).body ?? []) octets += length;
  return `${octets} ${((performance.now() - start) / 1000).toFixed(3)}`;
}

async function ask(server: string, name: string): Promise<string> {
  const query = encodeDnsQuery({ id: 1, name, type: "A" });
  if (query instanceof Error) throw query;
  const socket = createSocket("udp4");
  socket.send(query, 53, server);
  const signal = AbortSignal.timeout(PATIENCE);
  const [octets] = await once(socket, "message", { signal });
  socket.close();
  const answer = parseDnsAnswer(octets);
  if (answer instanceof Error) throw answer;
  return answer.addresses.join("\n");
}

/** An echo request as RFC 792 has it, without payload. */
function ping(host: string): string {
  const address = parseAddress(host);
  if (address === undefined) throw new Error(`Not an address: ${host}`);
  using libc = openLibc();
  const socket = libc.socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  const patience = new BigInt64Array([BigInt(PATIENCE / 1000), 0n]);
  libc.setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, bytesOf(patience), 16);
  const to = Uint8Array.of(AF_INET, 0, 0, 0, ...address, ...Array(8).fill(0));
  const request = Uint8Array.of(8, 0, 0, 0, 0x74, 0x75, 0, 1);
  const view = new DataView(request.buffer);
  view.setUint16(2, ~onesComplementSum(view, 0, request.length, 0));
  const start = performance.now();
  libc.connect(socket, to, to.length);
  libc.send(socket, request, request.length, 0);
  const reply = new Uint8Array(64);
  const length = libc.recv(socket, reply, reply.length, 0);
  libc.close(socket);
  if (length < IPV4_HEADER + request.length || reply[IPV4_HEADER] !== 0) {
    throw new Error(`No reply from ${host}`);
  }
  const ms = (performance.now() - start).toFixed(2);
  return `${length - IPV4_HEADER} bytes from ${host}: icmp_seq=1 time=${ms} ms`;
}

function bytesOf({ buffer }: BigInt64Array<ArrayBuffer>): Uint8Array<
  ArrayBuffer
> {
  return new Uint8Array(buffer);
}
