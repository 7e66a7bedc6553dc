import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTlsServer } from "node:tls";
import { parseAddress } from "../../src/wire/address.ts";
import type { Namespace } from "./netns.ts";
import { udpSocket } from "./targets.ts";

/** What a name has: addresses of either family, or another name after "@". */
export type Zone = Readonly<Record<string, readonly string[]>>;

export interface NameserverOptions {
  /** 53, or 853 with a certificate. */
  readonly port?: number;
  readonly zone: Zone;
  /** Of the answers, in seconds. Default: 60. */
  readonly ttl?: number;
  /** By TLS alone (RFC 7858). */
  readonly tls?: Certificate;
}

interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A nameserver of a few names by UDP and TCP, or by TLS. Everything else does not exist. */
export interface Nameserver extends AsyncDisposable {
  /** "udp 10.0.0.1 a.example A", in the order of their coming. */
  readonly asked: string[];
  /** Says nothing any more. */
  silent: boolean;
}

const TYPES = new Map([[1, "A"], [28, "AAAA"]]);

export async function startNameserver(
  space: Namespace,
  hostname: string,
  { zone, ttl = 60, tls, port = tls === undefined ? 53 : 853 }:
    NameserverOptions,
): Promise<Nameserver> {
  const { server, answer } = authority({ zone, ttl }, () => close());
  const serve = (socket: Socket): void => {
    let rest = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (octets: Buffer) => {
      rest = Buffer.concat([rest, octets]);
      while (rest.length > 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
        const end = 2 + rest.readUInt16BE(0);
        const how = `${tls === undefined ? "tcp" : "tls"} ${address(socket)}`;
        const response = answer(rest.subarray(2, end), how);
        rest = rest.subarray(end);
        if (response === undefined) continue;
        socket.write(Buffer.from([response.length >> 8, response.length]));
        socket.write(response);
      }
    });
  };
  const sockets = new Set<Socket>();
  const stream = await space.inside(async () => {
    const listener = tls === undefined
      ? createServer(serve)
      : createTlsServer(tls, serve);
    listener.on("connection", (socket: Socket) => sockets.add(socket));
    listener.listen(port, hostname);
    await once(listener, "listening");
    return listener;
  });
  const datagrams = tls === undefined
    ? await udpSocket(space, { hostname, port })
    : undefined;
  datagrams?.on("message", (query, from) => {
    const response = answer(query, `udp ${from.address}`);
    if (response === undefined) return;
    // RFC 1035 §4.2.1; nobody here is asked with EDNS for more.
    const fits = response.length <= 512;
    if (!fits) response[2] = 0x83;
    datagrams.send(
      fits ? response : response.subarray(0, 512),
      from.port,
      from.address,
    );
  });
  const close = async (): Promise<void> => {
    datagrams?.close();
    for (const socket of sockets) socket.destroy();
    stream.close();
    await once(stream, "close");
  };
  return server;
}

function authority(
  { zone, ttl = 60 }: Pick<NameserverOptions, "zone" | "ttl">,
  close: () => Promise<void>,
) {
  const server: Nameserver = {
    asked: [],
    silent: false,
    [Symbol.asyncDispose]: close,
  };
  const answer = (query: Uint8Array, how: string): Uint8Array | undefined => {
    const { name, type, end } = questionOf(query);
    server.asked.push(`${how} ${name} ${TYPES.get(type) ?? type}`);
    if (server.silent) return undefined;
    return respond(query.subarray(0, end), recordsOf(zone, name, type), ttl);
  };
  return { server, answer };
}

/** A nameserver by HTTPS alone (RFC 8484), at /dns-query: HTTP/2, or HTTP/1.1 where that is all it has. */
export async function startHttpsNameserver(
  space: Namespace,
  hostname: string,
  { zone, port = 443, http1 = false, ...certificate }:
    & Pick<NameserverOptions, "zone" | "port">
    & Certificate
    & { readonly http1?: boolean },
): Promise<Nameserver> {
  const { server, answer } = authority({ zone }, async () => {
    stop.abort();
    await Promise.all(stopped);
  });
  const stop = new AbortController();
  const respondTo = (method: string, url: string, query: Uint8Array) => {
    const isRight = method === "POST" && url.endsWith("/dns-query");
    return isRight ? answer(query, http1 ? "http/1.1" : "h2") : undefined;
  };
  const stopped = http1
    ? await startHttp1(space, { hostname, port, certificate, stop }, respondTo)
    : await startHttp2(space, { hostname, port, certificate, stop }, respondTo);
  return server;
}

type RespondTo = (
  method: string,
  url: string,
  query: Uint8Array,
) => Uint8Array | undefined;

interface Listening {
  readonly hostname: string;
  readonly port: number;
  readonly certificate: Certificate;
  readonly stop: AbortController;
}

async function startHttp2(
  space: Namespace,
  { hostname, port, certificate, stop }: Listening,
  respondTo: RespondTo,
): Promise<Promise<void>[]> {
  const server = await space.inside(() =>
    Deno.serve({
      ...{ hostname, port, ...certificate },
      signal: stop.signal,
      onListen: () => {},
    }, async (request) => {
      const query = new Uint8Array(await request.arrayBuffer());
      const response = respondTo(request.method, request.url, query);
      return response === undefined
        ? new Response("not here", { status: 404 })
        : new Response(Uint8Array.from(response));
    })
  );
  return [server.finished];
}

async function startHttp1(
  space: Namespace,
  { hostname, port, certificate, stop }: Listening,
  respondTo: RespondTo,
): Promise<Promise<unknown>[]> {
  const server = createHttpsServer(certificate, (request, response) => {
    const parts: Uint8Array[] = [];
    request.on("data", (part: Uint8Array) => parts.push(part));
    request.on("end", () => {
      const { method = "", url = "" } = request;
      const octets = respondTo(method, url, Buffer.concat(parts));
      response.writeHead(octets === undefined ? 404 : 200);
      response.end(octets);
    });
  });
  await space.inside(async () => {
    server.listen(port, hostname);
    await once(server, "listening");
  });
  stop.signal.addEventListener("abort", () => {
    server.close();
    server.closeAllConnections();
  });
  return [once(server, "close")];
}

function address({ remoteAddress = "" }: Socket): string {
  return remoteAddress.replace(/^::ffff:/, "");
}

function questionOf(query: Uint8Array) {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    const label = query.subarray(at + 1, at + 1 + length);
    labels.push(new TextDecoder().decode(label).toLowerCase());
    at += 1 + length;
  }
  const type = (query[at + 1] ?? 0) << 8 | (query[at + 2] ?? 0);
  return { name: labels.join("."), type, end: at + 5 };
}

interface ResourceRecord {
  readonly owner: string;
  readonly type: number;
  readonly rdata: Uint8Array;
}

/** Undefined for a name that does not exist. */
function recordsOf(
  zone: Zone,
  name: string,
  type: number,
): readonly ResourceRecord[] | undefined {
  const values = zone[name];
  if (values === undefined) return undefined;
  return values.flatMap((value) => {
    if (value.startsWith("@")) {
      const alias = value.slice(1);
      const record = { owner: name, type: 5, rdata: encodeName(alias) };
      return [record, ...recordsOf(zone, alias, type) ?? []];
    }
    const rdata = parseAddress(value) ?? new Uint8Array();
    const own = rdata.length === 4 ? 1 : 28;
    return own === type ? [{ owner: name, type, rdata }] : [];
  });
}

function encodeName(name: string): Uint8Array {
  const labels = name.split(".").flatMap((label) => {
    const octets = new TextEncoder().encode(label);
    return [octets.length, ...octets];
  });
  return Uint8Array.of(...labels, 0);
}

/** Authoritative. `head`: the query up to the end of its question. */
function respond(
  head: Uint8Array,
  records: readonly ResourceRecord[] | undefined,
  ttl: number,
): Uint8Array {
  const response = [...head];
  response[2] = 0x84 | (response[2] ?? 0) & 1;
  response[3] = records === undefined ? 3 : 0;
  const count = records?.length ?? 0;
  response.splice(6, 6, count >> 8, count & 0xff, 0, 0, 0, 0);
  for (const { owner, type, rdata } of records ?? []) {
    response.push(...encodeName(owner), 0, type, 0, 1);
    response.push(0, 0, ttl >> 8, ttl & 0xff, 0, rdata.length, ...rdata);
  }
  return Uint8Array.from(response);
}
