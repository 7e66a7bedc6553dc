import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseUrl } from "../../../../src/config/command/url.ts";
import { formatProblem, Problems } from "../../../../src/config/problems.ts";

const at = { file: "-F", line: 0, column: 0 };

function parse(text: string): {
  parts: unknown;
  problems: readonly string[];
} {
  const problems = new Problems();
  const url = parseUrl(text, at, problems);
  const parts = url && [
    url.schemes.join("+"),
    url.user && `${url.user.username}|${url.user.password}`,
    url.host,
    url.path,
    ...url.query.entries().map(({ key, value }) =>
      `${key}=${value.kind === "scalar" && value.value}`
    ),
  ];
  return {
    parts,
    problems: [...problems.errors(), ...problems.warnings()].map(formatProblem),
  };
}

Deno.test("parseUrl takes a URL apart as GOST does [A.5, A.6, H.1 URL grammar]", () => {
  const rows: [string, unknown[]][] = [
    ["tungo://:0", ["tungo", undefined, ":0", ""]],
    [" RELAY+wss://h:1 ", ["relay+wss", undefined, "h:1", ""]],
    [":8080", ["auto", undefined, ":8080", ""]],
    [":0?a=b://c", ["auto", undefined, ":0", "", "a=b://c"]],
    ["h:1080", ["auto", undefined, "h:1080", ""]],
    ["u:p@h:1", ["auto", "u|p", "h:1", ""]],
    ["https://h:443", ["http+tls", undefined, "h:443", ""]],
    ["relay://u%40:p%3A@q@[::1]:1", ["relay", "u@|p:@q", "[::1]:1", ""]],
    ["relay://u@h:1", ["relay", "u|", "h:1", ""]],
    ["socks5://a:1,b:2?x=1", ["socks5", undefined, "a:1,b:2", "", "x=1"]],
    ["x://h:1/ws/?a", ["x", undefined, "h:1", "/ws/", "a="]],
    ["x://h?a=b=c&&d+e=f+%2B&g=%C3%A9?", [
      "x",
      undefined,
      "h",
      "",
      "a=b=c",
      "d e=f +",
      "g=é?",
    ]],
    ["x://?path=/a/b", ["x", undefined, "", "", "path=/a/b"]],
  ];
  for (const [text, parts] of rows) {
    assertEquals(parse(text), { parts, problems: [] }, text);
  }
});

Deno.test("parseUrl counts the first of several equal parameters, whatever their case [A.5]", () => {
  assertEquals(parse("x://h?A=1&a=2"), {
    parts: ["x", undefined, "h", "", "A=1"],
    problems: ["-F: Only the first of several a= counts, a list has commas"],
  });
});

Deno.test("parseUrl says what it cannot read without quoting what may be secret", () => {
  const rows: [string, string][] = [
    ["", "-F: Cannot use an empty URL: write one like tungo://:0"],
    [
      "+x://h",
      "-F: Cannot read the scheme: write one like tungo://:0 or relay+wss://host:443",
    ],
    ["x://u:secret#@h", "-F: Cannot use # in a URL: write it as %23"],
    ["x://u:secret%@h", "-F: Cannot decode the user: write % as %25"],
    [
      "x://u:sec/ret@h:1",
      "-F: Cannot use / and ? in a user: write %2F and %3F",
    ],
    [
      "x://u:sec?ret@h:1?a=b",
      "-F: Cannot use / and ? in a user: write %2F and %3F",
    ],
    ["x://h?auth=secret%", "-F: Cannot decode auth: write % as %25"],
    ["x://h?a=%ff", "-F: Cannot decode a: write % as %25"],
    [
      "a+b+c://h",
      "-F: Cannot use three schemes: write a protocol and a transport, like relay+wss",
    ],
  ];
  for (const [text, problem] of rows) {
    assertEquals(parse(text).problems, [problem], text);
  }
});

Deno.test("parseUrl takes any text", () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(..."a:/@?&=%#+,.[]0") }),
  );
  fc.assert(fc.property(text, (text) => {
    parse(text);
  }));
});
