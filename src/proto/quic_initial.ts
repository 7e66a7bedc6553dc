import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { OctetReader } from "./octet_reader.ts";

/** What differs between the versions. RFC 9001 §5.2, RFC 9369 §3. */
interface Version {
  readonly salt: Uint8Array;
  /** In front of "key", "iv" and "hp". */
  readonly label: string;
  /** Long Packet Type of an Initial packet. */
  readonly initial: number;
  /** Long Packet Type of a Retry packet, the only one without a length. */
  readonly retry: number;
}

const VERSION_1: Version = {
  salt: Uint8Array.fromHex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"),
  label: "quic ",
  initial: 0,
  retry: 3,
};

const VERSIONS: ReadonlyMap<number, Version> = new Map([
  [1, VERSION_1],
  [0x6b33_43cf, {
    salt: Uint8Array.fromHex("0dede3def700a6db819381be6e269dcbf9bd2ed9"),
    label: "quicv2 ",
    initial: 1,
    retry: 0,
  }],
]);

/** Header Form and Fixed Bit. RFC 9000 §17.2. */
const LONG_HEADER = 0xc0;
/** RFC 9000 §17.2. */
const CONNECTION_ID_MAX = 20;
/** RFC 9001 §5.4.2. */
const SAMPLE_AT = 4;
const SAMPLE_LENGTH = 16;
/** Of AEAD_AES_128_GCM, which every Initial packet is sealed with. RFC 9001 §5.2. */
const TAG_LENGTH = 16;
/** Octets of the packet numbers that are sent here; the sample then begins with the payload. */
const NUMBER_LENGTH = 4;

interface Keys {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  /** Of the header. */
  readonly hp: Uint8Array;
}

/** A packet with a long header, still protected. */
interface LongPacket {
  readonly version: Version;
  readonly type: number;
  readonly destination: Uint8Array;
  /** From the first octet of the header to the end of the payload. */
  readonly octets: Uint8Array;
  /** Where the packet number begins in `octets`. */
  readonly numberAt: number;
}

/** Opens the Initial packets of one client, whose keys are no secret: they follow from the connection ID that it has chosen. */
export class QuicInitials {
  /** Those of `#destination`, so that several datagrams of a client cost one derivation. */
  #keys: Keys | undefined;
  #destination = "";

  /**
   * The payloads of the Initial packets in a datagram, in their order; others of the same version are passed over, and so is
   * everything behind what cannot be read. Undefined where not even the first packet is one of a version that is known.
   */
  open(datagram: Uint8Array): readonly Uint8Array[] | undefined {
    let rest = datagram;
    let packet = parseLongPacket(rest);
    if (packet === undefined) return undefined;
    const payloads: Uint8Array[] = [];
    // RFC 9000 §12.2: packets are coalesced.
    for (; packet !== undefined; packet = parseLongPacket(rest)) {
      const { version, type, octets } = packet;
      if (type === version.initial) {
        const payload = unprotect(packet, this.#keysFor(packet));
        if (payload !== undefined) payloads.push(payload);
      }
      rest = rest.subarray(octets.length);
    }
    return payloads;
  }

  #keysFor({ destination, version }: LongPacket): Keys {
    const wanted = version.label + destination.toHex();
    if (this.#keys === undefined || this.#destination !== wanted) {
      this.#keys = clientKeys(destination, version);
      this.#destination = wanted;
    }
    return this.#keys;
  }
}

/** Undefined for everything else, Retry packets among it. RFC 9000 §17.2. */
function parseLongPacket(octets: Uint8Array): LongPacket | undefined {
  const header = new OctetReader(octets);
  const first = header.u8();
  const version = VERSIONS.get(header.u32());
  if ((first & LONG_HEADER) !== LONG_HEADER || version === undefined) {
    return undefined;
  }
  const type = (first >> 4) & 3;
  const destination = header.take(header.u8());
  const source = header.take(header.u8());
  if (
    type === version.retry || destination.length > CONNECTION_ID_MAX ||
    source.length > CONNECTION_ID_MAX
  ) return undefined;
  if (type === version.initial) header.take(header.varint()); // Token
  const length = header.varint();
  const numberAt = octets.length - header.rest();
  header.take(length);
  if (header.failed()) return undefined;
  return {
    version,
    type,
    destination,
    octets: octets.subarray(0, numberAt + length),
    numberAt,
  };
}

/** Undefined for a packet that was not sealed with `keys`. RFC 9001 §5.3, §5.4. */
function unprotect(
  { octets, numberAt }: LongPacket,
  { key, iv, hp }: Keys,
): Uint8Array | undefined {
  const sampleAt = numberAt + SAMPLE_AT;
  const sample = octets.subarray(sampleAt, sampleAt + SAMPLE_LENGTH);
  if (sample.length < SAMPLE_LENGTH) return undefined;
  const mask = encryptBlock(hp, sample);
  const [first = 0] = octets;
  const [firstMask = 0, ...numberMask] = mask;
  const unmasked = first ^ (firstMask & 0x0f);
  const payloadAt = numberAt + (unmasked & 3) + 1;
  const header = octets.slice(0, payloadAt);
  header[0] = unmasked;
  const nonce = iv.slice();
  // A client's first packets have small numbers, so what is sent of one is all of it. RFC 9000 §17.1.
  for (let at = numberAt; at < payloadAt; at++) {
    const octet = (header[at] ?? 0) ^ (numberMask[at - numberAt] ?? 0);
    header[at] = octet;
    const inNonce = nonce.length - (payloadAt - at);
    nonce[inNonce] = (nonce[inNonce] ?? 0) ^ octet;
  }
  const tagAt = octets.length - TAG_LENGTH;
  const opening = createDecipheriv("aes-128-gcm", key, nonce);
  opening.setAAD(header);
  opening.setAuthTag(octets.subarray(tagAt));
  try {
    const payload = opening.update(octets.subarray(payloadAt, tagAt));
    opening.final();
    return payload;
  } catch {
    return undefined;
  }
}

/**
 * An Initial packet of version 1 with these frames, 1 to 1000 octets of them, as a client sends it that has chosen `destination`
 * for a connection ID (8 octets). It asks nobody for anything: it shows `QuicInitials` what it would see.
 */
export function sealInitial(
  frames: Uint8Array,
  destination: Uint8Array,
): Uint8Array {
  const { key, iv, hp } = clientKeys(destination, VERSION_1);
  // What is short is filled up with PADDING frames, so that there is enough to take a sample of.
  const payload = new Uint8Array(Math.max(frames.length, SAMPLE_LENGTH));
  payload.set(frames);
  const length = NUMBER_LENGTH + payload.length + TAG_LENGTH;
  const header = Uint8Array.of(
    ...[LONG_HEADER | (NUMBER_LENGTH - 1), 0, 0, 0, 1],
    ...[destination.length, ...destination, 0, 0],
    ...[0x40 | (length >> 8), length & 0xff],
    ...new Uint8Array(NUMBER_LENGTH),
  );
  // The packet's number is 0, so the nonce is the IV.
  const sealing = createCipheriv("aes-128-gcm", key, iv);
  sealing.setAAD(header);
  const sealed = sealing.update(payload);
  sealing.final();
  const [first = 0, ...others] = encryptBlock(
    hp,
    sealed.subarray(0, SAMPLE_LENGTH),
  );
  header[0] = (header[0] ?? 0) ^ (first & 0x0f);
  const numberAt = header.length - NUMBER_LENGTH;
  header.set(others.slice(0, NUMBER_LENGTH), numberAt);
  return Uint8Array.of(...header, ...sealed, ...sealing.getAuthTag());
}

/** RFC 9001 §5.4.3. */
function encryptBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-128-ecb", key, null);
  cipher.setAutoPadding(false);
  const encrypted = cipher.update(block);
  cipher.final();
  return encrypted;
}

/** RFC 9001 §5.2: "client in" of the secret that version and connection ID make. */
function clientKeys(destination: Uint8Array, version: Version): Keys {
  const secret = expandLabel(hmac(version.salt, destination), "client in", 32);
  const { label } = version;
  return {
    key: expandLabel(secret, `${label}key`, 16),
    iv: expandLabel(secret, `${label}iv`, 12),
    hp: expandLabel(secret, `${label}hp`, 16),
  };
}

/** HKDF-Expand-Label with an empty context and no more than one block. RFC 8446 §7.1, RFC 5869 §2.3. */
function expandLabel(
  secret: Uint8Array,
  label: string,
  length: number,
): Uint8Array {
  const name = new TextEncoder().encode(`tls13 ${label}`);
  const info = Uint8Array.of(0, length, name.length, ...name, 0, 1);
  return hmac(secret, info).subarray(0, length);
}

/** HMAC-SHA-256. Not as a Buffer, whose `slice` would be no copy. */
function hmac(key: Uint8Array, octets: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac("sha256", key).update(octets).digest());
}
