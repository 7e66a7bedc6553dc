import { assertEquals } from "@std/assert";
import { createLog, type LogSinkOptions } from "../../../src/app/log_sink.ts";
import type { Log } from "../../../src/base/log.ts";

function begin(
  changes: Partial<LogSinkOptions> = {},
): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const log = createLog({
    level: "info",
    format: "text",
    write: (line) => lines.push(line),
    now: () => new Date("2026-11-28T08:09:10.123Z"),
    ...changes,
  });
  return { log, lines };
}

Deno.test("createLog() writes text as event and fields, quoting what could be misread", () => {
  const { log, lines } = begin();
  log.info("flow.close", {
    id: 1,
    name: undefined,
    dst: "192.0.2.1:443",
    reason: "all over",
    path: "a=b",
    said: 'so "it" was',
    nothing: "",
    lines: "two\nlines",
    done: true,
  });
  assertEquals(lines, [
    String
      .raw`08:09:10.123 info  flow.close id=1 dst=192.0.2.1:443 reason="all over" path="a=b" said="so \"it\" was" nothing="" lines="two\nlines" done=true` +
    "\n",
  ]);
});

Deno.test("createLog() writes JSON with GOST's names for time, level and message [H.1 log fields]", () => {
  const { log, lines } = begin({ format: "json" });
  log.warn("flow.close", { id: 1, name: undefined, reason: "no\nway" });
  assertEquals(lines, [
    String
      .raw`{"time":"2026-11-28T08:09:10.123Z","level":"warn","msg":"flow.close","id":1,"reason":"no\nway"}` +
    "\n",
  ]);
});

Deno.test("createLog() lets nothing that a peer has said forge a line or reach the terminal", () => {
  const rows = [
    ["a\nerror b", String.raw`"a\nerror b"`],
    ["a\u001b[2J", String.raw`"a\u001b[2J"`],
    ["a\u007f\u009b2J", String.raw`"a\u007f\u009b2J"`],
    ["grüße.example", "grüße.example"],
  ] as const;
  for (const [name, shown] of rows) {
    const { log, lines } = begin();
    log.info("flow.close", { name });
    assertEquals(lines, [`08:09:10.123 info  flow.close name=${shown}\n`]);
  }
});

Deno.test("createLog() leaves out what is below its level", () => {
  const rows = [
    ["trace", 5],
    ["debug", 4],
    ["info", 3],
    ["warn", 2],
    ["error", 1],
    ["fatal", 0],
  ] as const;
  for (const [level, count] of rows) {
    const { log, lines } = begin({ level });
    log.trace("a");
    log.debug("b");
    log.info("c");
    log.warn("d");
    log.error("e");
    assertEquals(lines.length, count, level);
    assertEquals(log.enabled("info"), count >= 3, level);
  }
});
