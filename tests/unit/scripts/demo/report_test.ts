import { assertEquals } from "@std/assert";
import {
  formatLine,
  formatSpeed,
  Report,
  wrap,
} from "../../../../scripts/demo/report.ts";

function begin(colour = false) {
  let text = "";
  const report = new Report((piece) => text += piece, colour);
  return { report, text: () => text };
}

Deno.test("Report shows a step with its command, output, meaning and line", async () => {
  const { report, text } = begin();
  await report.step("It works", () =>
    Promise.resolve({
      command: "curl x",
      output: "one\ntwo\n",
      means: "all is well",
      line: { time: "2026-01-02T03:04:05.678Z", level: "info", msg: "flow" },
    }));
  assertEquals(
    text(),
    "ok  It works\n    $ curl x\n    one\n    two\n    = all is well\n    03:04:05.678 info  flow\n\n",
  );
  assertEquals(report.failed(), []);
});

Deno.test("Report names the steps that failed, and goes on", async () => {
  const { report, text } = begin();
  await report.step("One", () => Promise.reject(new Error("no ip command")));
  const shown = { command: "a", output: "b", means: "c" };
  await report.step("Two", () => Promise.resolve(shown));
  await report.step("Three", () => Promise.resolve({ ...shown, problem: "d" }));
  assertEquals(report.failed(), ["One", "Three"]);
  const rows = text().split("\n").filter((row) => !row.startsWith("    "));
  assertEquals(rows, [
    "FAILED  One",
    "",
    "ok  Two",
    "",
    "FAILED  Three",
    "",
    "",
  ]);
  assertEquals(text().includes("    no ip command\n"), true);
  assertEquals(text().includes("    d\n"), true);
});

Deno.test("Report uses colours only when it is told to", () => {
  const plain = begin();
  plain.report.note("x");
  assertEquals(plain.text(), "x\n");
  const coloured = begin(true);
  coloured.report.note("x");
  assertEquals(coloured.text(), "\x1b[2mx\x1b[0m\n");
});

Deno.test("formatLine writes a line of JSON as a terminal would have got it", () => {
  const line = {
    ...{ time: "2026-01-02T03:04:05.678Z", level: "warn", msg: "flow.close" },
    ...{ via: "direct to x", id: 3 },
  };
  assertEquals(
    formatLine(line),
    '03:04:05.678 warn  flow.close via="direct to x" id=3',
  );
});

Deno.test("wrap breaks between words, and indents what follows", () => {
  const word = "x".repeat(40);
  assertEquals(wrap(`${word} ${word} y`), [word, `  ${word} y`]);
  assertEquals(wrap("a  b"), ["a  b"]);
});

Deno.test("formatSpeed counts MiB and Gbit/s", () => {
  assertEquals(
    formatSpeed(256 * 2 ** 20, 0.8),
    "256 MiB in 0.80 s, 2.68 Gbit/s",
  );
});
