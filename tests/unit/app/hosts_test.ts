import { assertEquals, assertRejects } from "@std/assert";
import { readHosts } from "../../../src/app/hosts.ts";
import { Upkeep } from "../../../src/app/upkeep.ts";
import { ConfigError } from "../../../src/base/errors.ts";
import type { HostsConfig } from "../../../src/config/chain_schema.ts";
import { tungoOf } from "../../support/config.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { memoryFiles } from "../../support/memory_files.ts";
import { recordingLog } from "../../support/recording_log.ts";

/** Hosts h with www.example, and with `rest`, on a machine with a file hosts.txt. */
function begin(rest: string, list?: string) {
  const { hosts } = tungoOf({
    yaml: `
services: [{name: s, hosts: h, handler: {type: tungo}, listener: {type: tungo}}]
hosts: [{name: h, mappings: [{ip: 192.0.2.1, hostname: www.example}], ${rest}}]
`,
  }).route.names;
  const clock = new ManualClock();
  const log = recordingLog();
  const files = memoryFiles(list === undefined ? {} : { "hosts.txt": list });
  const upkeep = new Upkeep(clock);
  const context = { files, log, upkeep };
  return { config: hosts as HostsConfig, clock, context };
}

Deno.test("readHosts joins what is spelt out with a file, and names the line that decides [B.10]", async () => {
  const { config, context } = begin(
    "file: {path: hosts.txt}",
    "192.0.2.2 www.example\n192.0.2.3 .example\n",
  );
  const find = await readHosts(config, context);
  assertEquals(find("www.example"), {
    addresses: ["192.0.2.1", "192.0.2.2"],
    by: "h",
    because: "www.example, a.yaml:3:30",
  });
  assertEquals(find("a.example"), {
    addresses: ["192.0.2.3"],
    by: "h",
    because: "a.example is .example, hosts.txt:2:1",
  });
  assertEquals(find("other"), undefined);
});

Deno.test("readHosts refuses a file that cannot be read at the start", async () => {
  const { config, context } = begin("file: {path: hosts.txt}");
  const error = await assertRejects(
    () => readHosts(config, context),
    ConfigError,
    'Cannot read "hosts.txt"',
  );
  assertEquals(error.path, "hosts[0].file.path");
});

Deno.test("readHosts reads a file again that has changed, and keeps the last good one [H.2 rule source]", async () => {
  const { config, clock, context } = begin(
    "file: {path: hosts.txt}, reload: 10s",
    "192.0.2.2 a\n",
  );
  const find = await readHosts(config, context);
  context.upkeep.start();
  context.files.write("hosts.txt", "192.0.2.3 a\nnonsense\n");
  await clock.advance(10_000);
  assertEquals(find("a")?.addresses, ["192.0.2.3"]);
  context.files.remove("hosts.txt");
  await clock.advance(10_000);
  assertEquals(find("a")?.addresses, ["192.0.2.3"]);
  const warnings = context.log.lines.filter((line) => line.startsWith("warn"));
  assertEquals(warnings.length, 2);
  assertEquals(warnings[0]?.includes("hosts.txt:2:1"), true);
  context.upkeep.stop();
});
