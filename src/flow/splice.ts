import type { Traffic } from "./flow.ts";
import { type ByteStream, READY } from "./stream.ts";

/**
 * Carries octets both ways until both directions have ended, each with its own FIN. Any error aborts both streams, so that
 * a truncation never looks like an end; it is thrown then.
 */
export async function splice(
  local: ByteStream,
  upstream: ByteStream,
  traffic: Traffic,
): Promise<void> {
  try {
    await Promise.all([
      pump(local, upstream, (octets) => traffic.sent += octets),
      pump(upstream, local, (octets) => traffic.received += octets),
    ]);
  } catch (error) {
    local.abort(error);
    upstream.abort(error);
    throw error;
  }
}

async function pump(
  from: ByteStream,
  to: ByteStream,
  count: (octets: number) => void,
): Promise<void> {
  let room = READY;
  const take = (octets: Uint8Array): void => {
    count(octets.length);
    room = to.write(octets);
  };
  while (await from.read(take)) await room;
  await to.closeWrite();
}
