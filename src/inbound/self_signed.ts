import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { parseAddress } from "../wire/address.ts";

export interface SelfSignedOptions {
  /** Host names (ASCII) and addresses that the certificate is for, at least one. */
  readonly names: readonly string[];
  /** Wall-clock time from which it is valid. */
  readonly now: Date;
  readonly days: number;
}

/** Both are PEM. */
export interface SelfSigned {
  readonly cert: string;
  readonly key: string;
}

const MS_PER_DAY = 24 * 60 * 60 * 1000;

/** X.690 §8. */
const TAGS = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  // Of a GeneralName. RFC 5280 §4.2.1.6.
  dnsName: 0x82,
  ipAddress: 0x87,
  // Of a TBSCertificate. RFC 5280 §4.1.
  version: 0xa0,
  extensions: 0xa3,
} as const;

/** Object identifiers as X.690 §8.19 encodes them. */
const OIDS = {
  ecdsaWithSha256: "2a8648ce3d040302",
  commonName: "550403",
  keyUsage: "551d0f",
  subjectAltName: "551d11",
  basicConstraints: "551d13",
  extKeyUsage: "551d25",
  serverAuth: "2b06010505070301",
} as const;

/** An X.509 v3 certificate for a new ECDSA P-256 key. RFC 5280 §4.1. */
export function selfSignedCertificate(
  { names, now, days }: SelfSignedOptions,
): SelfSigned {
  const { publicKey, privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
  });
  const end = new Date(now.getTime() + days * MS_PER_DAY);
  const algorithm = der("sequence", oid("ecdsaWithSha256"));
  const commonName = der("utf8String", new TextEncoder().encode("tungo"));
  const attribute = der("sequence", oid("commonName"), commonName);
  const name = der("sequence", der("set", attribute));
  const tbsCertificate = der(
    "sequence",
    der("version", der("integer", [2])), // v3
    der("integer", serialNumber()),
    algorithm,
    name, // issuer
    der("sequence", time(now), time(end)),
    name, // subject
    publicKey.export({ type: "spki", format: "der" }),
    der("extensions", extensions(names)),
  );
  const signature = sign("sha256", tbsCertificate, privateKey);
  const certificate = der(
    "sequence",
    tbsCertificate,
    algorithm,
    der("bitString", [0], signature),
  );
  return {
    cert: pem(certificate),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** Those of GOST's own certificate but for clientAuth. CA:FALSE because rustls takes no CA for a server. RFC 5280 §4.2.1. */
function extensions(names: readonly string[]): Uint8Array {
  // digitalSignature is bit 0, keyCertSign bit 5: two bits are unused.
  const usage = der("bitString", [2], [0b1000_0100]);
  const alternatives = names.map((name) => {
    const address = parseAddress(name);
    return address === undefined
      ? der("dnsName", new TextEncoder().encode(name))
      : der("ipAddress", address);
  });
  return der(
    "sequence",
    critical("keyUsage", usage),
    critical("basicConstraints", der("sequence")),
    extension("extKeyUsage", der("sequence", oid("serverAuth"))),
    extension("subjectAltName", der("sequence", ...alternatives)),
  );
}

function critical(id: keyof typeof OIDS, value: Uint8Array): Uint8Array {
  const yes = der("boolean", [0xff]);
  return der("sequence", oid(id), yes, der("octetString", value));
}

function extension(id: keyof typeof OIDS, value: Uint8Array): Uint8Array {
  return der("sequence", oid(id), der("octetString", value));
}

/** 126 random bits, positive and in as few octets as DER wants. RFC 5280 §4.1.2.2. */
function serialNumber(): Uint8Array {
  const [first = 0, ...others] = randomBytes(16);
  return Uint8Array.of(0x40 | (first & 0x3f), ...others);
}

/** UTCTime through 2049, GeneralizedTime from 2050. RFC 5280 §4.1.2.5. */
function time(date: Date): Uint8Array {
  const text = `${date.toISOString().replace(/[-T:]/g, "").slice(0, 14)}Z`;
  return date.getUTCFullYear() < 2050
    ? der("utcTime", new TextEncoder().encode(text.slice(2)))
    : der("generalizedTime", new TextEncoder().encode(text));
}

function oid(id: keyof typeof OIDS): Uint8Array {
  return der("oid", Uint8Array.fromHex(OIDS[id]));
}

/** Tag, length and contents. X.690 §8.1.3. */
function der(
  tag: keyof typeof TAGS,
  ...contents: readonly Iterable<number>[]
): Uint8Array {
  const octets = contents.flatMap((part) => [...part]);
  const { length } = octets;
  const coded = length < 0x80
    ? [length]
    : length < 0x100
    ? [0x81, length]
    : [0x82, length >> 8, length & 0xff];
  return Uint8Array.of(TAGS[tag], ...coded, ...octets);
}

/** RFC 7468 §5. */
function pem(certificate: Uint8Array): string {
  const lines = certificate.toBase64().match(/.{1,64}/g) ?? [];
  const [begin, end] = ["BEGIN", "END"].map((mark) =>
    `-----${mark} CERTIFICATE-----`
  );
  return [begin, ...lines, end, ""].join("\n");
}
