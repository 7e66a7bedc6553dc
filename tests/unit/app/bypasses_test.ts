import { assertEquals, assertRejects } from "@std/assert";
import { Bypasses } from "../../../src/app/bypasses.ts";
import { Upkeep } from "../../../src/app/upkeep.ts";
import { ConfigError } from "../../../src/base/errors.ts";
import type { BypassGroup } from "../../../src/rules/bypass.ts";
import { tungoOf } from "../../support/config.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { memoryFiles } from "../../support/memory_files.ts";
import { recordingLog } from "../../support/recording_log.ts";

/** The bypass b with `rest`, on a machine with a file list.txt. */
function begin(rest: string, list?: string) {
  const { bypasses: configs } = tungoOf({
    yaml: `
services: [{name: s, bypass: b, handler: {type: tungo}, listener: {type: tungo}}]
bypasses: [{name: b, matchers: [own.example], ${rest}}]
`,
  }).route;
  const clock = new ManualClock();
  const log = recordingLog();
  const files = memoryFiles(list === undefined ? {} : { "list.txt": list });
  const upkeep = new Upkeep(clock);
  const bypasses = new Bypasses({ files, log, upkeep });
  return { configs, clock, log, files, upkeep, bypasses };
}

function hits(decide: BypassGroup, host: string): boolean {
  return decide("tcp", [{ host, port: 443 }]).bypassed;
}

const warnings = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => line.startsWith("warn"));

Deno.test("Bypasses adds a list to the matchers that are spelt out, and names the line that decides [B.8]", async () => {
  const { configs, bypasses } = begin(
    "file: {path: list.txt}",
    "a.example\n.b.example",
  );
  const decide = await bypasses.group(configs);
  assertEquals(hits(decide, "own.example"), true);
  assertEquals(hits(decide, "c.example"), false);
  const verdict = decide("tcp", [{ host: "www.b.example", port: 443 }]);
  assertEquals([verdict.bypassed, verdict.because], [
    true,
    "www.b.example matches .b.example, list.txt:2:1",
  ]);
});

Deno.test("Bypasses refuses a list that cannot be read at the start", async () => {
  const { configs, bypasses } = begin("file: {path: list.txt}");
  const error = await assertRejects(
    () => bypasses.group(configs),
    ConfigError,
    'Cannot read "list.txt"',
  );
  assertEquals([error.path, error.at.line], ["bypasses[0].file.path", 3]);
});

Deno.test("Bypasses names the bad lines of a list up to a bound, and uses the others", async () => {
  const bad = Array.from({ length: 12 }, (_, i) => `10.0.0.${i}/33\n`);
  const { configs, bypasses, log } = begin(
    "file: {path: list.txt}",
    `${bad.join("")}a.example\n`,
  );
  const decide = await bypasses.group(configs);
  assertEquals(hits(decide, "a.example"), true);
  const lines = warnings(log.lines);
  assertEquals(lines.length, 11);
  assertEquals(
    lines[1],
    'warn list.line {"bypass":"b","at":"list.txt:2:1","reason":"Leaves out \\"10.0.0.1/33\\": only prefixes have a slash: write one like 10.0.0.0/8"}',
  );
  assertEquals(
    lines.at(-1),
    'warn list.bad {"bypass":"b","file":"list.txt","lines":12}',
  );
});

Deno.test("Bypasses reads a list again when it has been written to, and keeps the last good one [H.2 rule source]", async () => {
  const { configs, bypasses, clock, files, upkeep, log } = begin(
    "file: {path: list.txt}, reload: 10s",
    "a.example",
  );
  const decide = await bypasses.group(configs);
  upkeep.start();
  const seen = (): boolean[] =>
    ["a.example", "b.example"].map((host) => hits(decide, host));
  await clock.advance(10_000);
  assertEquals(seen(), [true, false]);
  files.write("list.txt", "b.example");
  await clock.advance(10_000);
  assertEquals(seen(), [false, true]);
  files.remove("list.txt");
  await clock.advance(30_000);
  assertEquals(seen(), [false, true]);
  // Said once.
  assertEquals(warnings(log.lines), [
    'warn list.keep {"file":"list.txt","reason":"no file \\"list.txt\\""}',
  ]);
  files.write("list.txt", "a.example");
  await clock.advance(10_000);
  assertEquals(seen(), [true, false]);
  upkeep.stop();
  assertEquals(clock.pending(), 0);
});

Deno.test("Bypasses does not take a list that is being written to", async () => {
  const { configs, clock, log } = begin(
    "file: {path: list.txt}, reload: 10s",
  );
  const upkeep = new Upkeep(clock);
  let stamps = 0;
  let text = "a.example";
  const files = {
    download: () => Promise.reject(new Error("not asked")),
    read: () => Promise.resolve(text),
    stamp: () => Promise.resolve(String(stamps++)),
  };
  const decide = await new Bypasses({ files, log, upkeep }).group(configs);
  upkeep.start();
  text = "half of a li";
  await clock.advance(30_000);
  assertEquals(hits(decide, "a.example"), true);
  upkeep.stop();
});

Deno.test("Bypasses compiles a bypass once, however many refer to it", async () => {
  const { configs, files, ...rest } = begin("file: {path: list.txt}", "x");
  let reads = 0;
  const read = (path: string): Promise<string> => {
    reads++;
    return files.read(path);
  };
  const bypasses = new Bypasses({ ...rest, files: { ...files, read } });
  await Promise.all([bypasses.group(configs), bypasses.group(configs)]);
  await bypasses.group(configs);
  assertEquals(reads, 1);
});

Deno.test("Bypasses downloads a list when the services run, tries again until it comes, and keeps the last good one [B.8]", async () => {
  const { configs, bypasses, clock, files, upkeep, log } = begin(
    "http: {url: 'http://user:pw@lists.example/a?token=secret'}, reload: 1m",
  );
  const url = "http://user:pw@lists.example/a?token=secret";
  const decide = await bypasses.group(configs);
  await clock.advance(60_000);
  assertEquals(warnings(log.lines), []);
  upkeep.start();
  await clock.advance(0);
  assertEquals(hits(decide, "a.example"), false);
  files.write(url, "a.example");
  const done = async (millis: number): Promise<void> => {
    await clock.advance(millis);
    // The digest takes more than microtasks.
    while (clock.pending() === 0) await new Promise((next) => setTimeout(next));
  };
  await done(10_000);
  assertEquals(hits(decide, "a.example"), true);
  files.remove(url);
  await done(60_000);
  assertEquals(hits(decide, "a.example"), true);
  const verdict = decide("tcp", [{ host: "a.example", port: 1 }]);
  assertEquals(
    verdict.because,
    "a.example matches a.example, http://lists.example/a:1:1",
  );
  upkeep.stop();
});
