import { assertEquals } from "@std/assert";
import {
  type ListProblem,
  MatcherListReader,
  type MatcherSet,
} from "../../../src/rules/matcher_set.ts";

interface Read {
  readonly set: MatcherSet;
  readonly problems: ListProblem[];
}

function read(text: string, linesATurn = 2): Read {
  const problems: ListProblem[] = [];
  const reader = new MatcherListReader("list.txt", text);
  while (reader.read(linesATurn, (problem) => problems.push(problem)));
  return { set: reader.finish(), problems };
}

Deno.test("MatcherListReader takes a pattern a line, without comments, and knows its line [B.8]", () => {
  const text =
    "\ufeff# LAN\r\n10.0.0.0/8\r\n\r\n  .example.com # all\nlast.example";
  const { set, problems } = read(text);
  assertEquals([set.size, problems], [3, []]);
  const rows: [string, string | undefined, number | undefined][] = [
    ["10.1.2.3", "10.0.0.0/8", 2],
    ["www.example.com", ".example.com", 4],
    ["last.example", "last.example", 5],
    ["all", undefined, undefined],
  ];
  for (const [host, text, line] of rows) {
    const found = set.find(host, 443);
    assertEquals([found?.text, found?.at.line], [text, line], host);
  }
  assertEquals(set.find("10.1.2.3", 1)?.at.file, "list.txt");
});

Deno.test("MatcherListReader names a bad line and goes on behind it", () => {
  const { set, problems } = read("a.example\n10.0.0.0/33\nb.example\n");
  assertEquals(
    problems.map(({ text, at: { line }, problem }) => [text, line, problem]),
    [[
      "10.0.0.0/33",
      2,
      "only prefixes have a slash: write one like 10.0.0.0/8",
    ]],
  );
  assertEquals(set.size, 2);
  assertEquals(set.find("b.example", 1)?.at.line, 3);
});

Deno.test("MatcherListReader finds nothing in a list of nothing", () => {
  for (const text of ["", "\n\n", "# nothing\n", "10.0.0.0/33"]) {
    assertEquals(read(text).set.size, 0, text);
  }
});
