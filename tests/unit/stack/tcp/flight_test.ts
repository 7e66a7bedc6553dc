import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Flight, type SentRange } from "../../../../src/stack/tcp/flight.ts";
import { seqAdd, seqDiff } from "../../../../src/stack/tcp/seq.ts";

type Fate = SentRange["fate"];

/** What a flight must know, octet by octet: fate, time of the last transmission, whether it was not the first. */
interface Octet {
  fate: Fate;
  sentAt: number;
  again: boolean;
}

const ISS = 2 ** 31 - 40;

type Step =
  | { readonly do: "send"; readonly octets: number }
  | { readonly do: "sack"; readonly from: number; readonly octets: number }
  | { readonly do: "advance"; readonly octets: number }
  | { readonly do: "lose first"; readonly octets: number }
  | { readonly do: "send again" | "lose all" | "recall" };

const octets = fc.integer({ min: 1, max: 30 });
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant("send" as const), octets }),
    fc.record({ do: fc.constant("sack" as const), from: fc.nat(80), octets }),
    fc.record({ do: fc.constant("advance" as const), octets }),
    fc.record({ do: fc.constant("lose first" as const), octets }),
    fc.record({
      do: fc.constantFrom(
        ...["send again", "lose all", "recall"] as const,
      ),
    }),
  ),
  { maxLength: 40 },
);

/** A flight and the same octet by octet, through the same steps. */
class Twins {
  readonly delivered: number[] = [];
  readonly expectedDelivered: number[] = [];
  readonly flight = new Flight((end, { left }) => {
    for (let at = left; at !== end; at = seqAdd(at, 1)) this.delivered.push(at);
  });
  una = ISS;
  model: Octet[] = [];

  take(step: Step, now: number): void {
    const { flight, model, una } = this;
    const end = seqAdd(una, model.length);
    switch (step.do) {
      case "send":
        flight.sent(end, seqAdd(end, step.octets), now, 0);
        for (let i = 0; i < step.octets; i++) {
          model.push({ fate: "in flight", sentAt: now, again: false });
        }
        return;
      case "sack":
        this.#sack(step.from, step.from + step.octets);
        return;
      case "advance":
        this.#advance(Math.min(step.octets, model.length));
        return;
      case "lose first":
        this.#loseFirst(step.octets);
        return;
      case "send again":
        this.#sendAgain(now);
        return;
      case "lose all":
        flight.loseAll();
        for (const octet of model) octet.fate = "lost";
        return;
      case "recall":
        flight.recall();
        for (const octet of model) {
          if (octet.fate === "lost") octet.fate = "in flight";
        }
        return;
      default:
        throw new Error(`Unreachable step: ${step satisfies never}`);
    }
  }

  #sack(from: number, to: number): void {
    const { flight, model, una } = this;
    const known = to <= model.length;
    const news = known &&
      model.slice(from, to).some(({ fate }) => fate !== "sacked");
    assertEquals(flight.sack(seqAdd(una, from), seqAdd(una, to)), news);
    for (let i = from; known && i < to; i++) {
      if (model[i]?.fate !== "sacked") this.#expectDelivery(i);
      model[i] = { fate: "sacked", sentAt: 0, again: false };
    }
  }

  #advance(count: number): void {
    this.flight.advance(seqAdd(this.una, count));
    for (let i = 0; i < count; i++) {
      if (this.model[i]?.fate !== "sacked") this.#expectDelivery(i);
    }
    this.model.splice(0, count);
    this.una = seqAdd(this.una, count);
  }

  #loseFirst(most: number): void {
    const [first] = this.flight.ranges;
    const inFlight = first?.fate === "in flight";
    const length = first === undefined ? 0 : seqDiff(first.right, first.left);
    this.flight.loseFirst(most);
    for (let i = 0; inFlight && i < Math.min(most, length); i++) {
      const octet = this.model[i];
      if (octet !== undefined) octet.fate = "lost";
    }
  }

  #sendAgain(now: number): void {
    const lost = this.flight.firstLost();
    const first = this.model.findIndex(({ fate }) => fate === "lost");
    if (lost === undefined) {
      assertEquals(first, -1);
      return;
    }
    assertEquals(seqDiff(lost.left, this.una), first);
    const { left, right } = lost;
    const length = Math.min(7, seqDiff(right, left));
    this.flight.sent(left, seqAdd(left, length), now, 0);
    for (let i = first; i < first + length; i++) {
      this.model[i] = { fate: "in flight", sentAt: now, again: true };
    }
  }

  #expectDelivery(index: number): void {
    this.expectedDelivered.push(seqAdd(this.una, index));
  }

  /** Ranges cover everything once and in order, and say of each octet what the model says. */
  check(): void {
    const { flight, model, una } = this;
    const told: Octet[] = [];
    let at = una;
    for (const { left, right, fate, sentAt, again } of flight.ranges) {
      assertEquals(left, at, "no gaps");
      assertEquals(seqDiff(right, left) > 0, true, "no empty range");
      for (; at !== right; at = seqAdd(at, 1)) {
        told.push({ fate, sentAt, again });
      }
    }
    assertEquals(told.map(timeless), model.map(timeless));
    const count = (fate: Fate) =>
      model.filter((octet) => octet.fate === fate).length;
    assertEquals([flight.sacked, flight.lost], [
      count("sacked"),
      count("lost"),
    ]);
    assertEquals(this.delivered, this.expectedDelivered);
  }
}

/** When an octet left matters only while it is in flight and was never taken for lost. */
function timeless({ fate, sentAt, again }: Octet): unknown {
  return fate === "in flight" && again ? { fate, sentAt } : { fate };
}

Deno.test("Flight knows of each octet what happened to it, in few ranges and across the end of the sequence space", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const twins = new Twins();
      all.forEach((step, i) => {
        twins.take(step, i);
        twins.check();
      });
    }),
    { numRuns: 300 },
  );
});

Deno.test("Flight keeps at most 256 ranges, whatever is acknowledged and however small the bursts are", () => {
  const flight = new Flight(() => {});
  for (let i = 0; i < 10_000; i++) flight.sent(i, i + 1, i, 0);
  assertEquals(flight.ranges.length, 256);
  const sacked = new Flight(() => {});
  sacked.sent(0, 10_000, 0, 0);
  for (let i = 1; i < 9999; i += 2) sacked.sack(i, i + 1);
  assertEquals(sacked.ranges.length <= 257, true);
  assertEquals(sacked.islands(), sacked.sacked);
});

Deno.test("Flight takes what leaves within a grain for one range", () => {
  const flight = new Flight(() => {});
  for (let i = 0; i < 10; i++) flight.sent(i, i + 1, i, 4);
  assertEquals(flight.ranges.map(({ left, sentAt }) => [left, sentAt]), [
    ...[[0, 0], [5, 5]],
  ]);
});
