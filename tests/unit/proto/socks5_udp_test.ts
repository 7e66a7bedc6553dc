import { assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import type { ProtocolError } from "../../../src/base/errors.ts";
import {
  putSocksDatagram,
  putTunnelDatagram,
  SocksSources,
  socksUdpHeaderLength,
  tunnelDatagramReader,
} from "../../../src/proto/socks5_udp.ts";
import {
  encodeSocksAddress,
  type SocksAddress,
} from "../../../src/proto/socks_address.ts";
import {
  encodeSocksGreeting,
  encodeSocksRequest,
  socksMethodReader,
  socksReplyReader,
} from "../../../src/proto/socks5.ts";
import { readExchange } from "../../support/hex_exchange.ts";
import {
  ascii,
  concat,
  cuts,
  expectOctets,
  hex,
  lend,
} from "../../support/octets.ts";
import { expectMessage } from "../../support/read_message.ts";

const DNS = { host: "8.8.8.8", port: 53 };

function address(of: SocksAddress): Uint8Array {
  return expectOctets(encodeSocksAddress(of));
}

function tunnelled(to: SocksAddress, payload: Uint8Array): Uint8Array {
  const into = new Uint8Array(300 + payload.length);
  const end = putTunnelDatagram(into, 0, address(to), payload);
  return into.subarray(0, end);
}

interface Read {
  readonly datagrams: { text: string; from: SocksAddress }[];
  readonly error: ProtocolError | undefined;
  readonly whole: boolean;
}

function read(octets: Uint8Array, lengths: readonly number[] = []): Read {
  const datagrams: Read["datagrams"] = [];
  const reader = tunnelDatagramReader((payload, from) => {
    datagrams.push({ text: new TextDecoder().decode(payload), from });
  });
  for (const piece of lend(octets, lengths)) {
    const error = reader.push(piece);
    if (error !== undefined) return { datagrams, error, whole: false };
  }
  return { datagrams, error: undefined, whole: reader.isBetweenDatagrams() };
}

Deno.test("putTunnelDatagram writes length, FRAG ff, destination and payload", () => {
  const rows: [SocksAddress, string, string][] = [
    [DNS, "hello", "0005 ff 01 08080808 0035 68656c6c6f"],
    [
      { host: "2001:4860:4860::8888", port: 53 },
      "hi",
      "0002 ff 04 20014860486000000000000000008888 0035 6869",
    ],
    [
      { host: "dns.google", port: 53 },
      "hi",
      "0002 ff 03 0a 646e732e676f6f676c65 0035 6869",
    ],
  ];
  for (const [to, text, octets] of rows) {
    assertEquals(tunnelled(to, ascii(text)), hex(octets));
  }
  const longest = tunnelled(DNS, new Uint8Array(0xffff));
  assertEquals(longest.subarray(0, 4), hex("ffff ff 01"));
});

Deno.test("putTunnelDatagram writes nothing for an empty payload, as length 0 ends the framing for GOST", () => {
  const into = new Uint8Array(20).fill(0xee);
  assertEquals(putTunnelDatagram(into, 4, address(DNS), hex("")), 4);
  assertEquals(into, new Uint8Array(20).fill(0xee));
});

Deno.test("tunnelDatagramReader reads what putTunnelDatagram writes, however it is cut", () => {
  const source = fc.record({
    host: fc.oneof(fc.ipV4(), fc.constantFrom("2001:db8::1", "a.example")),
    port: fc.nat({ max: 0xffff }),
  }, { noNullPrototype: true });
  const text = fc.string({ minLength: 1, maxLength: 50 });
  const datagrams = fc.array(fc.tuple(source, text), { maxLength: 8 });
  fc.assert(fc.property(datagrams, cuts(), (datagrams, lengths) => {
    const octets = concat(
      datagrams.map(([to, text]) => tunnelled(to, ascii(text))),
    );
    assertEquals(read(octets, lengths), {
      datagrams: datagrams.map(([from, text]) => ({ text, from })),
      error: undefined,
      whole: true,
    });
  }));
});

Deno.test("tunnelDatagramReader ignores FRAG but where the length is 0", () => {
  const from = { host: "127.0.0.1", port: 18_053 };
  assertEquals(
    read(hex("0001 00 01 7f000001 4685 78 | 0000 ff 01 7f000001 4685")),
    {
      datagrams: [{ text: "x", from }, { text: "", from }],
      error: undefined,
      whole: true,
    },
  );
  assertEquals(
    read(hex("0000 00 01 7f000001 4685")).error?.message,
    "Datagram without its length",
  );
});

Deno.test("tunnelDatagramReader fails for an unknown address type", () => {
  assertEquals(
    read(hex("0001 ff 02 00")).error?.message,
    "Unknown address type 2",
  );
});

Deno.test("tunnelDatagramReader knows a datagram that was cut short", () => {
  const octets = tunnelled(DNS, ascii("hello"));
  for (let length = 1; length < octets.length; length++) {
    assertEquals(read(octets.subarray(0, length)).whole, false);
  }
});

Deno.test("tunnelDatagramReader never throws", () => {
  const octets = fc.uint8Array({ maxLength: 60, max: 5 });
  fc.assert(fc.property(octets, cuts(), (octets, lengths) => {
    read(octets, lengths);
  }));
});

Deno.test("SocksSources gives one object to one source, whoever sent in between", () => {
  const sources = new SocksSources();
  const find = (of: SocksAddress) =>
    sources.find(concat([hex("0000 00"), address(of), ascii("payload")]));
  const first = find(DNS);
  const other = find({ host: "8.8.8.8", port: 54 });

  assertEquals([first, other.port], [DNS, 54]);
  assertStrictEquals(find({ host: "8.8.8.8", port: 54 }), other);
  assertStrictEquals(find(DNS), first);
  // The same source as an IPv4-mapped address.
  assertStrictEquals(
    sources.find(hex("0000 00 04 00000000000000000000ffff08080808 0035")),
    first,
  );
});

Deno.test("SocksSources forgets the oldest of more than 1024 sources", () => {
  const sources = new SocksSources();
  const find = (port: number) =>
    sources.find(concat([hex("0000 00"), address({ host: "::1", port })]));
  const [first, second] = [find(1), find(2)];
  for (let port = 3; port <= 1025; port++) find(port);

  assertStrictEquals(find(2), second);
  assertEquals(find(1), first);
  assertStrictEquals(find(1) === first, false);
});

Deno.test("putSocksDatagram and socksUdpHeaderLength agree [RFC 1928 §7]", () => {
  const rows: [SocksAddress, string][] = [
    [DNS, "0000 00 01 08080808 0035"],
    [{ host: "a", port: 1 }, "0000 00 03 01 61 0001"],
    [{ host: "::1", port: 1 }, `0000 00 04 ${"00".repeat(15)}01 0001`],
  ];
  for (const [to, header] of rows) {
    for (const payload of [hex(""), ascii("hello")]) {
      const into = new Uint8Array(60).fill(0xee);
      const end = putSocksDatagram(into, 2, address(to), payload);
      const datagram = concat([hex(header), payload]);
      assertEquals(into.subarray(0, end), concat([hex("eeee"), datagram]));
      assertEquals(socksUdpHeaderLength(datagram), hex(header).length);
      assertEquals(new SocksSources().find(datagram), to);
    }
  }
});

Deno.test("socksUdpHeaderLength drops fragments and what is no header [RFC 1928 §7]", () => {
  const rows = [
    "",
    "0000 00",
    "0000 00 01 080808",
    "0000 01 01 08080808 0035 68",
    "0000 80 01 08080808 0035 68",
    "0000 00 02 08080808 0035 68",
    "0000 00 03 05 61 0035",
  ];
  for (const octets of rows) {
    assertEquals(socksUdpHeaderLength(hex(octets)), undefined, octets);
  }
});

Deno.test("putTunnelDatagram and tunnelDatagramReader frame datagrams as GOST does", () => {
  const { client, server } = readExchange("socks5-udp-tunnel");
  const near = { host: "127.0.0.1", port: 18_053 };
  const far = { host: "127.0.0.1", port: 18_054 };
  const said = concat([
    encodeSocksGreeting({ usernamePassword: false }),
    expectOctets(
      encodeSocksRequest("udp-tunnel", { host: "0.0.0.0", port: 0 }),
    ),
    tunnelled(near, ascii("one")),
    tunnelled(far, ascii("two")),
  ]);
  assertEquals(said, client);
  fc.assert(fc.property(cuts(), (lengths) => {
    const method = expectMessage(socksMethodReader(), server, lengths);
    const reply = expectMessage(socksReplyReader(), method.rest, lengths);
    assertEquals(reply.value.code, 0);
    assertEquals(read(reply.rest, lengths), {
      datagrams: [{ text: "ONE", from: near }, { text: "TWO", from: far }],
      error: undefined,
      whole: true,
    });
  }));
});
