import { assertEquals } from "@std/assert";
import { Reloads } from "../../../src/app/reloads.ts";
import { ConfigError, DeviceError } from "../../../src/base/errors.ts";
import type { Config } from "../../../src/config/schema.ts";
import { read } from "../../support/config.ts";
import { recordingLog } from "../../support/recording_log.ts";

const GOOD = "services: [{name: a, addr: ':1', handler: {type: relay}}]";
const BAD = "services: [{name: a, addr: ':1', handler: {type: relax}}]";

/** A file that says `yaml` at first; `apply` is what becomes of its configurations. */
function begin(
  yaml = GOOD,
  apply: (config: Config) => Promise<void> = () => Promise.resolve(),
) {
  const applied: string[] = [];
  const log = recordingLog();
  const file = { yaml };
  const reloads = new Reloads({
    load: () => Promise.resolve(read({ yaml: file.yaml })),
    text: () => file.yaml,
    async apply(config) {
      await apply(config);
      applied.push(config.services.map(({ name }) => name).join());
    },
    log,
  });
  return { file, log, applied, reloads };
}

Deno.test("Reloads puts a new configuration in force", async () => {
  const { file, reloads, applied, log } = begin();
  file.yaml = GOOD.replace("name: a", "name: b");
  await reloads.request("changed");
  assertEquals(applied, ["b"]);
  assertEquals(log.lines, ['info reload.done {"services":1}']);
});

Deno.test("Reloads looks at the same text again only when it is told to", async () => {
  const { reloads, applied } = begin();
  await reloads.request("changed");
  assertEquals(applied, []);
  await reloads.request("any");
  assertEquals(applied, ["a"]);
});

Deno.test("Reloads names all that is wrong with a configuration, once, and leaves the old one in force", async () => {
  const { file, reloads, applied, log } = begin();
  file.yaml = BAD;
  await reloads.request("changed");
  await reloads.request("changed");
  assertEquals(applied, []);
  assertEquals(log.lines.map((line) => line.split(" ").slice(0, 2).join(" ")), [
    "error config",
    "error reload.refused",
  ]);
  assertEquals(log.lines[0]?.includes("a.yaml:1:50: "), true);
  file.yaml = GOOD;
  await reloads.request("changed");
  assertEquals(applied, ["a"]);
});

Deno.test("Reloads survives what only building finds, and what the system refuses", async () => {
  const at = { file: "a.yaml", line: 1, column: 2 };
  const errors = [
    new ConfigError("Cannot read it", "tls.certFile", at),
    new DeviceError("open", "EACCES", "Cannot write the log"),
  ];
  for (const error of errors) {
    const { reloads, applied, log } = begin(GOOD, () => Promise.reject(error));
    await reloads.request("any");
    assertEquals(applied, []);
    assertEquals(log.lines.at(-1)?.startsWith("error reload.refused"), true);
  }
});

Deno.test("Reloads does one at a time, and one more for all that come meanwhile", async () => {
  const gate = Promise.withResolvers<void>();
  const { reloads, applied } = begin(GOOD, () => gate.promise);
  const all = [1, 2, 3].map(() => reloads.request("any"));
  await Promise.resolve();
  gate.resolve();
  await Promise.all(all);
  assertEquals(applied, ["a", "a"]);
});

Deno.test("Reloads says once of a file that is gone that it cannot be read, and takes it when it is back", async () => {
  const log = recordingLog();
  const applied: number[] = [];
  let gone = true;
  const at = { file: "a.yaml", line: 0, column: 0 };
  const reloads = new Reloads({
    load: () =>
      gone
        ? Promise.reject(new ConfigError("Cannot read it", "", at))
        : Promise.resolve(read({ yaml: GOOD })),
    text: () => gone ? "" : GOOD,
    apply: ({ services }) =>
      Promise.resolve(void applied.push(services.length)),
    log,
  });
  await reloads.request("changed");
  await reloads.request("changed");
  assertEquals(log.lines.length, 2);
  gone = false;
  await reloads.request("changed");
  assertEquals(applied, [1]);
});
