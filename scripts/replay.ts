/**
 * `deno task replay FILE`: feeds a capture to a bare stack in virtual time. Lines with ">" are what applications sent, "was"
 * what tungo answered when the capture was made, "<" what the stack answers now.
 */
import { ConfigError } from "../src/base/errors.ts";
import { packetsIn } from "./replay/capture_file.ts";
import { Replay } from "./replay/replay.ts";

const print = (line: string): void => {
  let octets = new TextEncoder().encode(`${line}\n`);
  while (octets.length > 0) {
    octets = octets.subarray(Deno.stdout.writeSync(octets));
  }
};

const [path] = Deno.args;
if (path === undefined) {
  print("Usage: deno task replay FILE");
  Deno.exit(2);
}
try {
  const replay = new Replay(print);
  for (const packet of packetsIn(Deno.readFileSync(path))) replay.feed(packet);
  replay.end();
} catch (error) {
  if (
    !(error instanceof ConfigError || error instanceof Deno.errors.NotFound)
  ) {
    throw error;
  }
  print(error.message);
  Deno.exit(1);
}
