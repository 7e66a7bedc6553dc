import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  parseRule,
  type RuleSyntax,
} from "../../../../src/config/values/rule.ts";

/** With all parentheses. */
function format(rule: RuleSyntax): string {
  switch (rule.kind) {
    case "call":
      return `${rule.name}(${rule.args.join("|")})`;
    case "not":
      return `!${format(rule.of)}`;
    default:
      return `(${rule.of.map(format).join(` ${rule.kind} `)})`;
  }
}

Deno.test("parseRule reads functions, negations, and && before ||", () => {
  const rows: [string, string][] = [
    ["Host(`a`)", "Host(a)"],
    [" Host( \"a\" , 'b' ) ", "Host(a|b)"],
    ['Host("a\\"b")', 'Host(a"b)'],
    ["HostRegexp(`a\\.b`)", "HostRegexp(a\\.b)"],
    ["A(`a`) || B(`b`) && !C(`c`)", "(A(a) or (B(b) and !C(c)))"],
    ["(A(`a`)||B(`b`)) && C(`c`)", "((A(a) or B(b)) and C(c))"],
    ["!(A(`a`) && B(`b`))", "!(A(a) and B(b))"],
    ["!!A(`a`)", "!!A(a)"],
    ["A(`a`) || B(`b`) || C(`c`)", "(A(a) or B(b) or C(c))"],
  ];
  for (const [text, expected] of rows) {
    const rule = parseRule(text);
    assertEquals("problem" in rule ? rule : format(rule), expected);
  }
});

Deno.test("parseRule says what is wrong, and at which character", () => {
  const rows: [string, string, number][] = [
    ["", "a function is missing", 1],
    ["Host", 'a "(" is missing', 5],
    ["Host(a)", "a text in `…` is missing", 6],
    ["Host(`a`", 'a ")" is missing', 9],
    ["Host(`a`) &&", "a function is missing", 13],
    ["Host(`a`) Host(`b`)", "there is no && or || before it", 11],
    ["(Host(`a`)", 'a ")" is missing', 11],
    ["Host(`a`))", "there is no && or || before it", 10],
    ["!".repeat(60), "it goes too deep", 51],
  ];
  for (const [text, problem, at] of rows) {
    assertEquals(parseRule(text), { problem, at }, text);
  }
});

Deno.test("parseRule never throws", () => {
  const unit = fc.constantFrom(..."Ab(`)!&|\"'\\ ,".split(""));
  fc.assert(fc.property(fc.string({ unit }), (text) => {
    parseRule(text);
  }));
});
