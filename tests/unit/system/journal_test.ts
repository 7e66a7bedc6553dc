import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  decodeJournal,
  encodeJournal,
  leftovers,
} from "../../../src/system/journal.ts";
import type { Action } from "../../../src/system/plan.ts";

const UNDO: Action[] = [
  { run: ["resolvconf", "-d", "tun.tungo"] },
  { run: ["cat"], input: "text\n" },
  { file: "/etc/resolv.conf", from: "new\n", to: "old\n" },
  { file: "/etc/resolv.conf", from: "new\n", to: null },
];

Deno.test("decodeJournal(encodeJournal(x)) = x", () => {
  const journal = { device: "tungo", undo: UNDO };
  assertEquals(decodeJournal(encodeJournal(journal)), journal);
});

Deno.test("decodeJournal refuses what encodeJournal has not written", () => {
  const good = { version: 1, device: "tungo", undo: [] };
  const rows: unknown[] = [
    null,
    [],
    "tungo",
    { ...good, version: 2 },
    { ...good, device: 1 },
    { ...good, undo: {} },
    { ...good, undo: ["rm"] },
    { ...good, undo: [{ run: [] }] },
    { ...good, undo: [{ run: ["rm", 1] }] },
    { ...good, undo: [{ run: "rm" }] },
    { ...good, undo: [{ run: ["cat"], input: 1 }] },
    { ...good, undo: [{ file: "/etc/hosts", from: "" }] },
    { ...good, undo: [{ file: 1, from: "", to: "" }] },
  ];
  for (const row of rows) {
    assertEquals(decodeJournal(JSON.stringify(row)), undefined);
  }
  const cut = encodeJournal({ device: "tungo", undo: UNDO }).slice(0, -5);
  assertEquals(decodeJournal(cut), undefined);
  assertEquals(decodeJournal(""), undefined);
});

Deno.test("decodeJournal never throws on random text", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    decodeJournal(text);
  }));
});

Deno.test("leftovers are to be undone once the device is gone", () => {
  const journal = { device: "tungo", undo: UNDO };
  assertEquals(leftovers(journal, new Set(["lo", "eth0"])), UNDO);
  assertEquals(leftovers(journal, new Set(["lo", "tungo"])), []);
});
