/**
 * Runs the fuzzers of tests/support/fuzz.ts and fuzz_codecs.ts for longer than the tests do: `deno task fuzz [CASES] [SEED]`. A failure names
 * the seed that makes it happen again.
 */
import { StackFuzz } from "../support/fuzz.ts";
import { fuzzCodecs } from "../support/fuzz_codecs.ts";
import { randomOf } from "../../src/base/seeded_random.ts";

/** Packets of one stack. */
const ROUND = 20_000;
const CHECK_EVERY = 500;

const [cases = 1_000_000, firstSeed = Date.now() % 1_000_000] = Deno.args.map(
  Number,
);
const print = (line: string) =>
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));

let seed = firstSeed;
try {
  for (let done = 0; done < cases; done += ROUND, seed++) {
    const fuzz = new StackFuzz(seed);
    const random = randomOf(seed);
    for (let i = 1; i <= ROUND; i++) {
      fuzz.step();
      fuzzCodecs(random);
      if (i % CHECK_EVERY === 0) fuzz.check();
    }
  }
  print(`${cases} packets and messages from seed ${firstSeed}: nothing found`);
} catch (error) {
  print(`Seed ${seed} fails: deno task fuzz ${ROUND} ${seed}`);
  throw error;
}
