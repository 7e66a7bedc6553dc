import { assertEquals } from "@std/assert";
import { errorsOf, tungoOf } from "../../../support/config.ts";

function file(metadata: string): { readonly yaml: string } {
  return {
    yaml: `services:
- name: a
  handler: {type: tungo}
  listener: {type: tungo}
  metadata: ${metadata}
`,
  };
}

Deno.test("decodeHooks reads lists of commands, each at its line [C.4]", () => {
  const { hooks } = tungoOf(file(`
    preUp: [a]
    postUp:
    - ip route add default dev tungo metric 1
    - sh -c 'b; c'
    - "# nothing"
    preDown: [d; e]
    postDown: []`));
  const at = (line: number, column: number) => ({
    file: "a.yaml",
    line,
    column,
  });
  assertEquals(hooks, {
    preUp: [{ at: at(6, 13), words: ["a"] }],
    postUp: [
      {
        at: at(8, 7),
        words: ["ip", "route", "add", "default", "dev", "tungo", "metric", "1"],
      },
      { at: at(9, 7), words: ["sh", "-c", "b; c"] },
    ],
    preDown: [{ at: at(11, 15), words: ["d;", "e"] }],
    postDown: [],
  });
});

Deno.test("decodeHooks cuts one text at lines and semicolons [C.4, H.2 lists, K18]", () => {
  const expected = [["ip", "link"], ["sh", "-c", "a; b"], ["c"]];
  for (
    const written of [
      file("{postUp: \"ip link; sh -c 'a; b'; c\"}"),
      file(
        "\n    postUp: |\n      ip link\n      sh -c 'a; b'\n      # d; e\n      c",
      ),
      { L: ["tungo://:0?postUp=ip+link%0Ash+-c+'a;+b';c"] },
    ]
  ) {
    const { postUp } = tungoOf(written).hooks;
    assertEquals(postUp.map(({ words }) => words), expected);
  }
});

Deno.test("decodeHooks refuses quotes without an end, and what is no command", () => {
  assertEquals(errorsOf(file('{postUp: [a, "b \'c"], preUp: {a: b}}')), [
    "a.yaml:5:26: Cannot find the end of a quote in a command of postUp (services[0].metadata.postUp)",
    "a.yaml:5:42: Cannot use this for preUp as it takes commands (services[0].metadata.preUp)",
  ]);
});
