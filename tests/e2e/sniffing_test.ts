/** Sniffing only looks: octets pass as they are, nobody waits for what decides nothing, and QUIC has a name too. */
import { once } from "node:events";
import { assert, assertEquals } from "@std/assert";
import {
  type Bed,
  bedTest,
  CLIENT,
  FAR_END,
  HOP,
  NAMESERVER4,
  TARGET4,
  TUNGO,
} from "../support/bed.ts";
import { helloMessage, helloRecord } from "../support/client_hello.ts";
import { ascii, concat, hex } from "../support/octets.ts";
import { crypto, initial, readInitial } from "../support/quic.ts";
import {
  nameserver,
  tcpTarget,
  udpSocket,
  udpTarget,
} from "../support/targets.ts";

const SNIFFING = `${TUNGO}&sniffing=true`;

/** An HTTP/1.1 request for `host`; `more` are lines. */
function get(host: string, more = ""): string {
  return `GET /x HTTP/1.1\r\nhost: ${host}\r\n${more}\r\n`;
}

const HELLO = helloMessage("a.example");
/** A ClientHello in two records. RFC 8446 §5.1. */
const TWO_RECORDS = concat([
  hex("16 0301 0009"),
  HELLO.subarray(0, 9),
  hex("16 0301"),
  Uint8Array.of(0, HELLO.length - 9),
  HELLO.subarray(9),
]);

/** What an application and its target say to each other on one connection. */
const EXCHANGES: readonly (readonly [string, Uint8Array, Uint8Array])[] = [
  [
    "103, then the answer",
    ascii(get("a.example")),
    ascii(
      "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    ),
  ],
  [
    "octets behind 101",
    ascii(get("a.example", "upgrade: x\r\nconnection: upgrade\r\n")),
    concat([
      ascii("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"),
      hex("00 ff 0d0a"),
    ]),
  ],
  [
    "a chunked answer, and one more request, for another host",
    ascii(get("a.example") + get("b.example")),
    ascii(
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    ),
  ],
  [
    "CONNECT, which is for a proxy",
    ascii("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n"),
    ascii("HTTP/1.1 200 Connection established\r\n\r\nhi"),
  ],
  [
    "absolute-form, which is for a proxy",
    ascii("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n"),
    ascii("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
  ],
  [
    "HTTP/2 in the clear",
    concat([
      ascii("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
      hex("000000 04 00 00000000"),
    ]),
    hex("000000 04 00 00000000"),
  ],
  [
    "a binary protocol that begins like HTTP",
    concat([ascii("GET "), hex("0001 02ff")]),
    hex("ff"),
  ],
  [
    "HTTP/1.0 without Host",
    ascii("GET / HTTP/1.0\r\n\r\n"),
    ascii("HTTP/1.0 200 OK\r\n\r\n"),
  ],
  ["a ClientHello in two records", TWO_RECORDS, hex("15 0303 0002 0228")],
  ["half a ClientHello", helloRecord("a.example").subarray(0, 30), hex("15")],
  ["a wrong ClientHello", hex("16 0301 0006 01 000002 0303"), hex("15")],
  ["a banner's answer", ascii("SSH-2.0-x\r\n"), ascii("SSH-2.0-y\r\n")],
];

/** Names lead to the target, for the far end too. */
async function start(bed: Bed, tungo: readonly string[]): Promise<void> {
  await bed.farEnd("-L", FAR_END);
  await bed.tungo(...tungo);
}

bedTest(
  "with sniffing octets pass as they are, whatever they look like [K11, K12, K13, H.2 sniffing errors, H.2 sniffed HTTP]",
  async (bed) => {
    const { client, server } = bed.net;
    using _names = await nameserver(server, NAMESERVER4, TARGET4);
    await start(bed, ["-L", SNIFFING, "-F", HOP]);
    for (const [i, [what, said, answered]] of EXCHANGES.entries()) {
      const where = { hostname: TARGET4, port: 3128 + i };
      let heard: Uint8Array = hex("");
      using _target = await tcpTarget(server, where, async (connection) => {
        heard = await readOctets(connection, said.length);
        await connection.write(answered);
      });
      using connection = await client.inside(() => Deno.connect(where));
      await connection.write(said);
      const answer = await readOctets(connection, answered.length);
      assertEquals([heard, answer], [said, answered], what);
    }
  },
);

bedTest(
  "with sniffing several questions may be asked on one socket [K9, H.2 DNS sniffing]",
  async (bed) => {
    const { client, server } = bed.net;
    await start(bed, ["-L", SNIFFING, "-F", HOP]);
    const where = { hostname: TARGET4, port: 53 };
    using _echo = await udpTarget(server, where, (datagram) => datagram);
    const socket = await udpSocket(client, { hostname: "0.0.0.0", port: 0 });
    const question = "0000 01 61 07 6578616d706c65 00";
    for (const type of ["0001", "001c", "0001"]) {
      const query = hex(`1234 0100 0001 0000 0000 ${question} ${type} 0001`);
      socket.send(query, where.port, where.hostname);
      const [answer] = await once(socket, "message");
      assertEquals(new Uint8Array(answer), query);
    }
    socket.close();
  },
);

bedTest(
  "with sniffing a server that speaks first is not waited for where no rule needs a name [K7]",
  async (bed) => {
    const { client, server } = bed.net;
    const banner = "SSH-2.0-OpenSSH_9.9\r\n";
    const where = { hostname: TARGET4, port: 22 };
    using _target = await tcpTarget(server, where, async (connection) => {
      await connection.write(ascii(banner));
    });
    const service = `${SNIFFING}&sniffing.timeout=1h&interface=eth0`;
    await start(bed, ["-L", service, "-F", `${HOP}&bypass=${TARGET4}`]);
    assertEquals(
      await client.run("nc", "-d", "-w", "5", TARGET4, "22"),
      banner,
    );
  },
);

const QUIC = { hostname: TARGET4, port: 443 };

/** Whom the target of QUIC's first datagrams is asked by. */
async function askByQuic(
  { net: { client } }: Bed,
  datagrams: readonly Uint8Array[],
): Promise<string> {
  const socket = await udpSocket(client, { hostname: "0.0.0.0", port: 0 });
  for (const datagram of datagrams) {
    socket.send(datagram, QUIC.port, QUIC.hostname);
  }
  const [answer] = await once(socket, "message");
  socket.close();
  return new TextDecoder().decode(answer);
}

/** The ClientHello of a browser: too long for one datagram. */
function longHello(name: string): Uint8Array[] {
  const hello = helloMessage(name, 1700);
  return [[900, hello.length], [0, 900]].map(([from = 0, to], number) =>
    initial({ payload: crypto(from, hello.subarray(from, to)), number })
  );
}

bedTest(
  "what QUIC calls its server is compared with rules and asked for, as TLS' is [E.6]",
  async (bed) => {
    const { server } = bed.net;
    using _names = await nameserver(server, NAMESERVER4, TARGET4);
    using _target = await udpTarget(
      server,
      QUIC,
      (_, { address }) => ascii(address),
    );
    await bed.farEnd("-L", FAR_END);
    const tungo = await bed.tungo(
      ...["-L", `${SNIFFING}&interface=eth0&bypass=bad.example`],
      ...["-F", `${HOP}&bypass=example.com`],
    );
    // Of the RFC, for example.com: it is bypassed.
    const short = [readInitial("rfc9001-a2")];
    assertEquals(await askByQuic(bed, short), CLIENT.eth0);
    assertEquals(await askByQuic(bed, longHello("www.example")), TARGET4);
    await tungo.stop();
    const line = await tungo.line("flow.close", { name: "www.example" });
    assert(String(line.via).endsWith("> www.example:443"), String(line.via));
  },
);

async function readOctets(
  connection: Deno.Conn,
  length: number,
): Promise<Uint8Array> {
  const octets = new Uint8Array(length);
  for (let have = 0; have < length;) {
    const count = await connection.read(octets.subarray(have));
    if (count === null) return octets.slice(0, have);
    have += count;
  }
  return octets;
}
