import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  labelOfDatagram,
  labelOfStream,
} from "../../../src/proto/first_octets.ts";
import { ascii, concat, hex } from "../../support/octets.ts";
import { readInitial } from "../../support/quic.ts";

Deno.test("labelOfStream tells protocols by their first octets", () => {
  const rows: [Uint8Array, string | undefined][] = [
    [ascii("SSH-2.0-OpenSSH_9.6\r\n"), "SSH"],
    [
      concat([hex("13"), ascii("BitTorrent protocol"), new Uint8Array(8)]),
      "BitTorrent",
    ],
    [hex("16 0301 0040 01"), "TLS"],
    [ascii("GET / HTTP/1.1\r\n"), "HTTP"],
    [ascii("CONNECT a.example:443 HTTP/1.1\r\n"), "HTTP"],
    [ascii("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "HTTP/2"],
    [ascii("GETX"), undefined],
    [hex("16 0305"), undefined],
    [hex(""), undefined],
  ];
  for (const [octets, label] of rows) {
    assertEquals(labelOfStream(octets), label);
  }
});

Deno.test("labelOfDatagram tells protocols by their first octets", () => {
  const rows: [Uint8Array, string | undefined][] = [
    [hex("0001 0000 2112a442 000000000000000000000000"), "STUN"],
    [hex("c001 0000 2112a442 000000000000000000000000"), undefined],
    [hex("16 fefd 0000"), "DTLS"],
    [hex("16 feff 0000"), "DTLS"],
    [readInitial("rfc9001-a2"), "QUIC"],
    [readInitial("rfc9369-a2"), "QUIC"],
    [hex("c0 ff00001d 08"), "QUIC"],
    [ascii("d1:ad2:id20:abcdefghij0123456789e1:q4:ping"), "BitTorrent"],
    [hex("0000041727101980 00000000 12345678"), "BitTorrent"],
    [hex("1234 0100 0001 0000 0000 0000"), undefined],
    [hex(""), undefined],
  ];
  for (const [octets, label] of rows) {
    assertEquals(labelOfDatagram(octets), label);
  }
});

Deno.test("labelOfStream and labelOfDatagram never throw", () => {
  fc.assert(fc.property(fc.uint8Array(), (octets) => {
    labelOfStream(octets);
    labelOfDatagram(octets);
  }));
});
