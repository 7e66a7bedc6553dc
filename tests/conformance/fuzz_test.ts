import { StackFuzz } from "../support/fuzz.ts";
import { fuzzCodecs } from "../support/fuzz_codecs.ts";
import { randomOf } from "../../src/base/seeded_random.ts";

const SEED = 20261128;

Deno.test(`Hostile packets never throw, cause only well-formed ones, and stall no other connection (seeds from ${SEED})`, () => {
  for (let seed = SEED; seed < SEED + 4; seed++) {
    const fuzz = new StackFuzz(seed);
    for (let i = 1; i <= 5000; i++) {
      fuzz.step();
      if (i % 500 === 0) fuzz.check();
    }
  }
});

Deno.test(`Hostile messages make no codec throw (seed ${SEED})`, () => {
  const random = randomOf(SEED);
  for (let i = 0; i < 20_000; i++) fuzzCodecs(random);
});
