import { assertEquals } from "@std/assert";
import {
  configOf,
  errorsOf,
  warningsOf,
  type Written,
} from "../../../support/config.ts";

const L = ["relay://:1"];

Deno.test("decodeLog reads level, format and output [B.12]", () => {
  const rows: [string, unknown][] = [
    ["", { level: "info", format: "auto", output: { type: "stderr" } }],
    ["log: {level: WARN, format: json, output: stdout}", {
      level: "warn",
      format: "json",
      output: { type: "stdout" },
    }],
    ["log: {format: text, output: none}", {
      level: "info",
      format: "text",
      output: { type: "none" },
    }],
    ["log: {output: 'null'}", {
      level: "info",
      format: "auto",
      output: { type: "none" },
    }],
    ["log: {output: /var/log/tungo.log}", {
      level: "info",
      format: "auto",
      output: { type: "file", path: "/var/log/tungo.log" },
    }],
  ];
  for (const [yaml, log] of rows) {
    assertEquals<unknown>(configOf({ L, yaml }).log, log);
  }
});

Deno.test("the log level comes from -DD, -D, GOST_LOGGER_LEVEL or the file, in this order [A.3]", () => {
  const yaml = "log: {level: error, output: none}";
  const environment = { GOST_LOGGER_LEVEL: "warn" };
  const rows: [Written, string][] = [
    [{ yaml }, "error"],
    [{ environment }, "warn"],
    [{ yaml, environment }, "warn"],
    [{ yaml, environment, D: true }, "debug"],
    [{ yaml, environment, D: true, DD: true }, "trace"],
    [{ yaml, environment: { GOST_LOGGER_LEVEL: "" } }, "error"],
  ];
  for (const [written, level] of rows) {
    const { log } = configOf({ L, ...written });
    assertEquals(log.level, level);
    assertEquals(log.output.type, written.yaml ? "none" : "stderr");
  }
});

Deno.test("decodeLog refuses unknown words, and warns of rotation [K20]", () => {
  assertEquals(errorsOf({ L, yaml: "log: {level: verbose, format: xml}" }), [
    'a.yaml:1:14: Cannot use the level "verbose" as it must be one of trace, debug, info, warn, error, fatal (log.level)',
    'a.yaml:1:31: Cannot use the format "xml" as it must be one of auto, text, json (log.format)',
  ]);
  assertEquals(errorsOf({ L, environment: { GOST_LOGGER_LEVEL: "x" } }), [
    'GOST_LOGGER_LEVEL: Cannot use the level "x" as it must be one of trace, debug, info, warn, error, fatal (log.level)',
  ]);
  assertEquals(warningsOf({ L, yaml: "log: {rotation: {maxSize: 5}}" }), [
    'a.yaml:1:17: "rotation" has no effect (log.rotation)',
  ]);
});
