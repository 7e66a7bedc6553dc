import { assertEquals } from "@std/assert";
import { newTurn, Turns } from "../../../src/framing/turns.ts";

const FRAME = 32 * 1024;

function sender(name: string, ...pieces: number[]) {
  return { name, pieces, turn: newTurn(), next: () => pieces[0] ?? 0 };
}

/** Lets up to `count` pieces go, and names their senders. */
function take(turns: Turns<ReturnType<typeof sender>>, count: number): string {
  let names = "";
  for (let i = 0; i < count; i++) {
    const taken = turns.take();
    if (taken === undefined) break;
    taken.pieces.shift();
    names += taken.name;
  }
  return names;
}

Deno.test("Turns lets senders of large pieces take turns", () => {
  const turns = new Turns<ReturnType<typeof sender>>();
  turns.add(sender("a", FRAME, FRAME, FRAME));
  turns.add(sender("b", FRAME, FRAME));
  assertEquals(take(turns, 9), "ababa");
  assertEquals(turns.take(), undefined);
});

Deno.test("Turns gives senders of small pieces as many octets as those of large ones", () => {
  const turns = new Turns<ReturnType<typeof sender>>();
  turns.add(sender("a", ...Array(6).fill(FRAME / 2)));
  turns.add(sender("b", FRAME, FRAME, FRAME));
  assertEquals(take(turns, 9), "aabaabaab");
});

Deno.test("Turns lets whoever is new come before those who have had their turn", () => {
  const turns = new Turns<ReturnType<typeof sender>>();
  turns.add(sender("a", ...Array(9).fill(FRAME)));
  turns.add(sender("b", ...Array(9).fill(FRAME)));
  assertEquals(take(turns, 4), "abab");
  turns.add(sender("c", 100));
  assertEquals(take(turns, 3), "cab");
});

Deno.test("Turns lets nobody stay first for sending little at a time", () => {
  const turns = new Turns<ReturnType<typeof sender>>();
  const quick = sender("q", FRAME / 2);
  turns.add(sender("a", ...Array(9).fill(FRAME)));
  turns.add(quick);
  let names = "";
  for (let i = 0; i < 8; i++) {
    names += take(turns, 1);
    if (quick.next() === 0) quick.pieces.push(FRAME / 2);
    turns.add(quick);
  }
  assertEquals(names, "aqqaqqaq");
});

Deno.test("Turns passes over a sender that may not send now, until it is added again", () => {
  const turns = new Turns<ReturnType<typeof sender>>();
  const blocked = sender("b");
  turns.add(blocked);
  turns.add(sender("a", 10));
  assertEquals(take(turns, 9), "a");
  blocked.pieces.push(10);
  assertEquals(take(turns, 9), "");
  turns.add(blocked);
  assertEquals(take(turns, 9), "b");
});
