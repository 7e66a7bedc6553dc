import type { Clock, Millis } from "../base/clock.ts";
import { TruncatedError } from "../base/errors.ts";
import type { ByteStream } from "../flow/stream.ts";

/** How long a client may take to hang up in turn. */
const PATIENCE: Millis = 5000;

/** Ends a stream so that its last octets arrive: with octets of the client's unread, a close would be a reset that destroys them. */
export async function hangUp(stream: ByteStream, clock: Clock): Promise<void> {
  const late = new TruncatedError("The client does not hang up");
  using _timer = clock.callAt(
    clock.now() + PATIENCE,
    () => stream.abort(late),
  );
  try {
    await stream.closeWrite();
    while (await stream.read(() => {}));
    await stream[Symbol.asyncDispose]();
  } catch (error) {
    stream.abort(error);
  }
}
