/** What a stream of a carrier costs: opened and closed, and for each 64 KiB. Both ends, without the carrier. */
import { type ByteStream, READY } from "../../src/flow/stream.ts";
import { SmuxFrames } from "../../src/framing/smux_frames.ts";
import { SmuxSession } from "../../src/framing/smux_session.ts";
import type { SmuxVersion } from "../../src/proto/smux.ts";

/** Hands each write to the other end's read, as soon as that one waits. */
function carrierPair(): readonly [ByteStream, ByteStream] {
  const ends = [end(), end()] as const;
  return [ends[0].stream(ends[1]), ends[1].stream(ends[0])];
}

function end() {
  let read: {
    take: (octets: Uint8Array) => void;
    resolve: (more: boolean) => void;
  } | undefined;
  let waiting: Uint8Array[] = [];
  const self = {
    give(octets: Uint8Array): void {
      if (read === undefined) {
        waiting.push(octets.slice());
        return;
      }
      const { take, resolve } = read;
      read = undefined;
      take(octets);
      resolve(true);
    },
    stream: (far: { give(octets: Uint8Array): void }): ByteStream => ({
      read(take) {
        if (waiting.length > 0) {
          const chunks = waiting;
          waiting = [];
          for (const octets of chunks) take(octets);
          return Promise.resolve(true);
        }
        return new Promise((resolve) => read = { take, resolve });
      },
      write(octets) {
        far.give(octets);
        return READY;
      },
      closeWrite: () => READY,
      abort() {},
      [Symbol.asyncDispose]: () => READY,
    }),
  };
  return self;
}

function sessions(version: SmuxVersion) {
  const [near, far] = carrierPair();
  const accepted: ((stream: ByteStream) => void)[] = [];
  const options = {
    version,
    keepalive: undefined,
    receiveBuffer: 4 << 20,
    streamBuffer: undefined,
    frames: new SmuxFrames(32_768),
    clock: {
      now: () => performance.now(),
      callAt: () => ({ [Symbol.dispose]() {} }),
    },
  };
  new SmuxSession(far, {
    ...options,
    role: "server",
    onStream: (stream) => accepted.shift()?.(stream),
  });
  const client = new SmuxSession(near, { ...options, role: "client" });
  const next = () =>
    new Promise<ByteStream>((resolve) => accepted.push(resolve));
  return { client, next };
}

const NEVER = new AbortController().signal;
const REQUEST = new Uint8Array(100);
const CHUNK = new Uint8Array(65_536);
const take = (): void => {};

for (const version of [1, 2] as const) {
  const { client, next } = sessions(version);
  Deno.bench(`smux ${version}: a stream, 100 octets each way`, async () => {
    const accepted = next();
    const stream = await client.open(NEVER);
    await stream.write(REQUEST);
    const far = await accepted;
    await far.read(take);
    await far.write(REQUEST);
    await far.closeWrite();
    await stream.read(take);
    await stream.read(take);
    await stream.closeWrite();
    await far.read(take);
    await stream[Symbol.asyncDispose]();
    await far[Symbol.asyncDispose]();
  });

  const bulk = sessions(version);
  const accepted = bulk.next();
  const opened = bulk.client.open(NEVER);
  void opened.then((near) => near.write(REQUEST));
  Deno.bench(`smux ${version}: 64 KiB`, async () => {
    const [near, far] = await Promise.all([opened, accepted]);
    let octets = 0;
    const count = ({ length }: Uint8Array): void => {
      octets += length;
    };
    void near.write(CHUNK);
    while (octets < CHUNK.length) await far.read(count);
  });
}
