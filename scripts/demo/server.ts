import { createSocket } from "node:dgram";
import { once } from "node:events";
import { DNS_TYPES, parseDnsQuestion } from "../../src/proto/dns.ts";
import { parseAddress } from "../../src/wire/address.ts";
import { BESIDE, BULK_OCTETS, BULK_PORT, DNS, NAME, WEB } from "./places.ts";

/** The servers behind the far end as a process of its own. It says so on standard output when they listen. */
if (import.meta.main) {
  serveWeb({ hostname: WEB, port: 80 });
  serveWeb({ hostname: BESIDE, port: 80 });
  serveBulk({ hostname: WEB, port: BULK_PORT });
  serveDns({ hostname: DNS, port: 53 }).then(() =>
    Deno.stdout.write(new TextEncoder().encode("ready\n"))
  );
}

interface Place {
  readonly hostname: string;
  /** 0: any that is free. */
  readonly port: number;
}

type WebServer = Deno.HttpServer<Deno.NetAddr>;

/** Tells whoever asks where he seems to come from. */
export function serveWeb(place: Place): WebServer {
  return Deno.serve({ ...place, onListen: () => {} }, (_, { remoteAddr }) => {
    return new Response(`You come from ${remoteAddr.hostname}\n`);
  });
}

/** As fast as it is read. */
export function serveBulk(place: Place): WebServer {
  const piece = new Uint8Array(256 * 1024).fill(0x74);
  return Deno.serve({ ...place, onListen: () => {} }, () => {
    let left = BULK_OCTETS;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        controller.enqueue(piece);
        left -= piece.length;
        if (left <= 0) controller.close();
      },
    });
    const headers = { "content-length": String(BULK_OCTETS) };
    return new Response(body, { headers });
  });
}

/** Resolves with its port when it listens. */
export async function serveDns(
  { hostname, port }: Place,
): Promise<AsyncDisposable & { readonly port: number }> {
  const socket = createSocket("udp4");
  socket.on("message", (query, { address, port }) => {
    const answer = answerDns(query);
    if (answer !== undefined) socket.send(answer, port, address);
  });
  socket.bind(port, hostname);
  await once(socket, "listening");
  return {
    port: socket.address().port,
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, "close");
    },
  };
}

const QR_AA_RD_RA = [0x85, 0x80];
const NXDOMAIN = 3;
/** A pointer to the question's name, TYPE A, CLASS IN, a TTL of a minute, four octets. RFC 1035 §4.1.3, §4.1.4. */
const A_RECORD = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4];
const HEADER = 12;

/** The one name has the web server's address, other names do not exist. Undefined for what is no query. */
export function answerDns(query: Uint8Array): Uint8Array | undefined {
  const question = parseDnsQuestion(query);
  const address = parseAddress(WEB);
  if (question === undefined || question.response || !address) return undefined;
  const known = question.name === NAME;
  const record = known && question.type === DNS_TYPES.A
    ? [...A_RECORD, ...address]
    : [];
  const [high = 0, low = 0] = QR_AA_RD_RA;
  const flags = [high, known ? low : low | NXDOMAIN];
  const counts = [0, 1, 0, record.length > 0 ? 1 : 0, 0, 0, 0, 0];
  const end = query.indexOf(0, HEADER) + 5;
  const asked = query.subarray(HEADER, end);
  return Uint8Array.of(
    ...query.subarray(0, 2),
    ...flags,
    ...counts,
    ...asked,
    ...record,
  );
}
