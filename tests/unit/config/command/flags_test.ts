import { assert, assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import fc from "fast-check";
import { ConfigError, formatPosition } from "../../../../src/base/errors.ts";
import { goFlags, mixedFlags } from "../../../../src/config/command/flags.ts";
import { FLAGS } from "../../../../src/config/command/options.ts";

Deno.test("goFlags reads Go's four forms of an option [A.1]", () => {
  for (const args of [["-L", "x"], ["-L=x"], ["--L", "x"], ["--L=x"]]) {
    assertEquals(goFlags(args, FLAGS), ["--L=x", "--"]);
  }
  assertEquals(goFlags(["-api", ":1", "-O=json"], FLAGS), [
    "--api=:1",
    "--O=json",
    "--",
  ]);
});

Deno.test("goFlags gives switches a value only behind = [A.1]", () => {
  const rows: [string[], string[]][] = [
    [["-D"], ["--D=true", "--"]],
    [["-DD=false"], ["--DD=false", "--"]],
    [["-D=T"], ["--D=true", "--"]],
    [["-D", "true"], ["--D=true", "--", "true"]],
  ];
  for (const [args, normal] of rows) assertEquals(goFlags(args, FLAGS), normal);
});

Deno.test("goFlags ends at the first word and at -- [A.1]", () => {
  const rows: [string[], string[]][] = [
    [["-D", "x", "-L", "y"], ["--D=true", "--", "x", "-L", "y"]],
    [["-D", "--", "-L", "y"], ["--D=true", "--", "-L", "y"]],
    [["-"], ["--", "-"]],
    [["-C", "-"], ["--C=-", "--"]],
    [["-L", "-D"], ["--L=-D", "--"]],
    [["-L", "--"], ["--L=--", "--"]],
    [[], ["--"]],
  ];
  for (const [args, normal] of rows) assertEquals(goFlags(args, FLAGS), normal);
});

Deno.test("goFlags names the option that is wrong", () => {
  const rows: [string[], string, string][] = [
    [
      ["-x"],
      "-x",
      "Unknown option: the options are -L, -F, -C, -O, -api, -metrics, -R, -D, -DD, -V, -h, -help",
    ],
    [
      ["-l", "x"],
      "-l",
      "Unknown option: the options are -L, -F, -C, -O, -api, -metrics, -R, -D, -DD, -V, -h, -help",
    ],
    [
      ["-=x"],
      "-",
      "Unknown option: the options are -L, -F, -C, -O, -api, -metrics, -R, -D, -DD, -V, -h, -help",
    ],
    [["-L"], "-L", "Cannot find the value of the option"],
    [["-D=maybe"], "-D", 'Cannot use "maybe" here: write true or false'],
  ];
  for (const [args, position, message] of rows) {
    const error = goFlags(args, FLAGS);
    assert(error instanceof ConfigError);
    assertEquals(formatPosition(error.at), position);
    assertEquals(error.message, message);
  }
});

Deno.test("parseArgs reads back what goFlags wrote", () => {
  const value = fc.string();
  const option = fc.oneof(
    fc.constantFrom("L", "F", "C", "O").chain((name) =>
      fc.tuple(fc.constant(name), value, fc.boolean())
    ),
    fc.constantFrom("D", "DD", "V").map((name) => [name, true, true] as const),
  );
  fc.assert(fc.property(fc.array(option), fc.array(value), (options, words) => {
    const args = options.flatMap(([name, value, joined]) =>
      typeof value === "boolean"
        ? [`-${name}`]
        : joined
        ? [`-${name}=${value}`]
        : [`--${name}`, value]
    );
    const normal = goFlags([...args, "--", ...words], FLAGS);
    assert(!(normal instanceof ConfigError));
    const parsed = parseArgs(normal, FLAGS);
    const given = (name: string) =>
      options.filter(([option]) => option === name).map(([, value]) => value);
    assertEquals<unknown>(parsed.L, given("L"));
    assertEquals<unknown>(parsed.C, given("C"));
    assertEquals<unknown>(parsed.O, given("O").at(-1));
    assertEquals(parsed.D, given("D").length > 0);
    assertEquals(parsed._, words);
  }));
});

Deno.test("mixedFlags() takes words before, between and behind options", () => {
  const flags = { string: ["L"], boolean: ["udp"] };
  const rows = [
    [["a", "-L", "x", "b"], ["--L=x", "--", "a", "b"]],
    [["-L", "x", "a", "--udp"], ["--L=x", "--udp=true", "--", "a"]],
    [["--", "-L"], ["--", "-L"]],
    [[], ["--"]],
  ];
  for (const [args = [], expected = []] of rows) {
    assertEquals(mixedFlags(args, flags), expected);
  }
  assertEquals(mixedFlags(["a", "-X"], flags) instanceof ConfigError, true);
});
