import { assert, assertEquals } from "@std/assert";
import { ConfigError } from "../../../../src/base/errors.ts";
import {
  defaultPaths,
  parseSource,
} from "../../../../src/config/command/sources.ts";

Deno.test("parseSource tells files, standard input and inline JSON apart [A.4]", () => {
  const rows: [string, unknown][] = [
    ["-", { type: "stdin" }],
    [" gost.yaml ", { type: "file", path: "gost.yaml" }],
    ["a/b.YML", { type: "file", path: "a/b.YML" }],
    ["c:\\x\\gost.json", { type: "file", path: "c:\\x\\gost.json" }],
    ["/dev/fd/63", { type: "file", path: "/dev/fd/63" }],
    ["../.gost", { type: "file", path: "../.gost" }],
    ["https://u:p@x:1/gost.yaml?token=s", {
      type: "url",
      url: "https://u:p@x:1/gost.yaml?token=s",
      name: "https://x:1/gost.yaml",
    }],
    ['{"services":[]}', { type: "inline", text: '{"services":[]}' }],
  ];
  for (const [argument, source] of rows) {
    assertEquals(parseSource(argument), source, argument);
  }
});

Deno.test("parseSource says what it cannot read", () => {
  const rows: [string, string][] = [
    ["", "Cannot read a file without a name"],
    [
      "gost.toml",
      'Cannot read "gost.toml": a configuration is .yaml, .yml or .json',
    ],
    ["https://", "Cannot read this URL"],
  ];
  for (const [argument, message] of rows) {
    const error = parseSource(argument);
    assert(error instanceof ConfigError);
    assertEquals(error.message, message);
    assertEquals(error.at.file, "-C");
  }
});

Deno.test("defaultPaths looks for tungo's files before GOST's [A.4]", () => {
  assertEquals(defaultPaths("/home/me"), [
    "/etc/tungo/tungo.json",
    "/etc/tungo/tungo.yaml",
    "/etc/tungo/tungo.yml",
    "/home/me/.tungo/tungo.json",
    "/home/me/.tungo/tungo.yaml",
    "/home/me/.tungo/tungo.yml",
    "tungo.json",
    "tungo.yaml",
    "tungo.yml",
    "/etc/gost/gost.json",
    "/etc/gost/gost.yaml",
    "/etc/gost/gost.yml",
    "/home/me/.gost/gost.json",
    "/home/me/.gost/gost.yaml",
    "/home/me/.gost/gost.yml",
    "gost.json",
    "gost.yaml",
    "gost.yml",
  ]);
  assertEquals(defaultPaths(undefined).length, 12);
});
