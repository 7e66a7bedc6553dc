import { OctetReader } from "./octet_reader.ts";
import { QuicInitials } from "./quic_initial.ts";
import {
  type ClientHello,
  HELLO_MAX,
  parseClientHello,
} from "./tls_client_hello.ts";

/** Frame types that an Initial packet may have. RFC 9000 §12.4. */
const PADDING = 0;
const PING = 1;
const ACK = 2;
const ACK_ECN = 3;
const CRYPTO = 6;

/** Browsers cut a hello into some ten pieces. */
const FRAGMENTS_MAX = 128;

/** A piece of a handshake message. */
interface Fragment {
  readonly offset: number;
  readonly octets: Uint8Array;
}

/** Puts the ClientHello together with which a client of QUIC begins, from its first datagrams in any order. */
export class QuicClientHello {
  readonly #initials = new QuicInitials();
  #fragments: Fragment[] = [];

  /** "other": whatever follows, there is none to be read. Keeps no view of `datagram`. */
  push(datagram: Uint8Array): ClientHello | "more" | "other" {
    const payloads = this.#initials.open(datagram);
    if (payloads === undefined) return "other";
    for (const payload of payloads) {
      const fragments = cryptoIn(payload);
      if (fragments === undefined) return "other";
      this.#fragments.push(...fragments);
    }
    if (this.#fragments.length > FRAGMENTS_MAX) return "other";
    const handshake = join(this.#fragments);
    const hello = parseClientHello(handshake);
    return hello === "more" && handshake.length >= HELLO_MAX ? "other" : hello;
  }
}

/** Undefined where a frame is none that a client may begin with. RFC 9000 §17.2.2. */
function cryptoIn(payload: Uint8Array): readonly Fragment[] | undefined {
  const fragments: Fragment[] = [];
  const frames = new OctetReader(payload);
  while (frames.rest() > 0) {
    const type = frames.varint();
    switch (type) {
      case PADDING:
      case PING:
        break;
      case ACK:
      case ACK_ECN:
        skipAck(frames, type === ACK_ECN);
        break;
      case CRYPTO: {
        const offset = frames.varint();
        const octets = frames.take(frames.varint());
        if (offset + octets.length > HELLO_MAX) return undefined;
        fragments.push({ offset, octets });
        break;
      }
      default:
        return undefined;
    }
  }
  return frames.failed() ? undefined : fragments;
}

/** RFC 9000 §19.3. */
function skipAck(frames: OctetReader, hasCounts: boolean): void {
  frames.varint(); // Largest Acknowledged
  frames.varint(); // ACK Delay
  const ranges = frames.varint();
  frames.varint(); // First ACK Range
  for (let i = 0; i < ranges && !frames.failed(); i++) {
    frames.varint(); // Gap
    frames.varint(); // ACK Range Length
  }
  for (let i = 0; i < 3 && hasCounts; i++) frames.varint();
}

/** What there is from the first octet on without a gap. */
function join(fragments: readonly Fragment[]): Uint8Array {
  const ordered = fragments.toSorted((a, b) => a.offset - b.offset);
  const joined = new Uint8Array(HELLO_MAX);
  let have = 0;
  for (const { offset, octets } of ordered) {
    if (offset > have) break;
    joined.set(octets, offset);
    have = Math.max(have, offset + octets.length);
  }
  return joined.subarray(0, have);
}
