import { createCipheriv, createHmac, hkdfSync } from "node:crypto";
import { ascii, concat, hex } from "./octets.ts";

/** The connection ID of the RFCs' examples. */
export const DCID = hex("8394c8f03e515708");

export interface Initial {
  readonly version?: 1 | 2;
  readonly dcid?: Uint8Array;
  readonly token?: Uint8Array;
  readonly number?: number;
  /** Octets of the packet number, 1 to 4. */
  readonly numberLength?: number;
  /** Frames. */
  readonly payload: Uint8Array;
}

const VERSIONS = {
  1: {
    id: "00000001",
    first: 0xc0,
    salt: "38762cf7f55934b34d179ae6a4c80cadccbb7f0a",
    label: "quic",
  },
  2: {
    id: "6b3343cf",
    first: 0xd0,
    salt: "0dede3def700a6db819381be6e269dcbf9bd2ed9",
    label: "quicv2",
  },
};

/** An Initial packet as a client sends it. RFC 9001 §5, RFC 9369. */
export function initial(
  {
    version = 1,
    dcid = DCID,
    token = new Uint8Array(0),
    number = 2,
    numberLength = 4,
    payload,
  }: Initial,
): Uint8Array {
  const { id, first, salt, label } = VERSIONS[version];
  const info = hkdfLabel("client in", 32);
  const secret = new Uint8Array(hkdfSync("sha256", dcid, hex(salt), info, 32));
  // HKDF-Expand of one block. RFC 5869 §2.3.
  const derive = (what: string, length: number): Uint8Array =>
    createHmac("sha256", secret)
      .update(hkdfLabel(`${label} ${what}`, length)).update(Uint8Array.of(1))
      .digest().subarray(0, length);
  const packetNumber = new Uint8Array(4);
  new DataView(packetNumber.buffer).setUint32(0, number);
  const sent = packetNumber.subarray(4 - numberLength);
  const header = concat([
    Uint8Array.of(first | (numberLength - 1)),
    hex(id),
    Uint8Array.of(dcid.length, ...dcid, 0),
    varint(token.length),
    token,
    varint2(numberLength + payload.length + 16),
    sent,
  ]);
  const iv = derive("iv", 12);
  const nonce = iv.map((octet, i) => octet ^ (packetNumber[i - 8] ?? 0));
  const seal = createCipheriv("aes-128-gcm", derive("key", 16), nonce);
  seal.setAAD(header);
  const sealed = concat([
    seal.update(payload),
    seal.final(),
    seal.getAuthTag(),
  ]);
  const at = 4 - numberLength;
  const hp = createCipheriv("aes-128-ecb", derive("hp", 16), null);
  hp.setAutoPadding(false);
  const mask = hp.update(sealed.subarray(at, at + 16));
  hp.final();
  const masked = header.slice();
  masked[0] = (masked[0] ?? 0) ^ ((mask[0] ?? 0) & 0x0f);
  for (let i = 0; i < numberLength; i++) {
    const place = header.length - numberLength + i;
    masked[place] = (masked[place] ?? 0) ^ (mask[1 + i] ?? 0);
  }
  return concat([masked, sealed]);
}

/** A CRYPTO frame. RFC 9000 §19.6. */
export function crypto(offset: number, octets: Uint8Array): Uint8Array {
  return concat([hex("06"), varint(offset), varint(octets.length), octets]);
}

/** RFC 9000 §16, in two octets or one. */
export function varint(value: number): Uint8Array {
  return value < 64 ? Uint8Array.of(value) : varint2(value);
}

function varint2(value: number): Uint8Array {
  return Uint8Array.of(0x40 | (value >> 8), value & 0xff);
}

/** HkdfLabel with an empty context. RFC 8446 §7.1. */
function hkdfLabel(name: string, length: number): Uint8Array {
  const label = ascii(`tls13 ${name}`);
  return Uint8Array.of(0, length, label.length, ...label, 0);
}

/** The packet in `tests/fixtures/quic/<name>.hex`. */
export function readInitial(name: string): Uint8Array {
  const url = new URL(`../fixtures/quic/${name}.hex`, import.meta.url);
  return hex(Deno.readTextFileSync(url).replaceAll(/^#.*$/gm, ""));
}
