import { assertEquals } from "@std/assert";
import { errorsOf, tungoOf } from "../../../support/config.ts";

function file(
  bypasses: string,
  service = "bypass: b",
): { readonly yaml: string } {
  return {
    yaml: `
services:
- name: a
  ${service}
  handler: {type: tungo}
  listener: {type: tungo}
bypasses:
${bypasses}
`,
  };
}

Deno.test("decodeBypasses reads each matcher with its line [B.8]", () => {
  const { bypasses } = tungoOf(file(`- name: b
  network: TCP
  matchers:
  - .example.com
  - 10.0.0.0/8`)).route;
  assertEquals(bypasses, [{
    at: { file: "a.yaml", line: 8, column: 3 },
    name: "b",
    whitelist: false,
    network: "tcp",
    matchers: [
      { text: ".example.com", at: { file: "a.yaml", line: 11, column: 5 } },
      { text: "10.0.0.0/8", at: { file: "a.yaml", line: 12, column: 5 } },
    ],
    loader: { sources: [], reload: undefined },
  }]);
});

Deno.test("decodeBypasses takes reverse for a whitelist [B.8]", () => {
  const rows: [string, boolean][] = [
    ["- {name: b}", false],
    ["- {name: b, whitelist: true}", true],
    ["- {name: b, reverse: true}", true],
    ["- {name: b, reverse: true, whitelist: false}", true],
  ];
  for (const [bypasses, whitelist] of rows) {
    assertEquals(
      tungoOf(file(bypasses)).route.bypasses[0]?.whitelist,
      whitelist,
    );
  }
});

Deno.test("decodeBypasses joins bypass and bypasses into one group [B.1]", () => {
  const all = "- {name: a}\n- {name: b}\n- {name: c}";
  const { bypasses } =
    tungoOf(file(all, "bypass: b\n  bypasses: [a, c]")).route;
  assertEquals(bypasses.map(({ name }) => name), ["b", "a", "c"]);
});

Deno.test("decodeBypasses reads where a list comes from, and how often it is read again [B.8]", () => {
  const rows: [string, number | undefined][] = [
    ["", undefined],
    [", reload: 30s", 30_000],
    [", reload: 100ms", 1_000],
  ];
  for (const [more, reload] of rows) {
    const written = file(`- {name: b, file: {path: lists/a.txt}${more}}`);
    assertEquals(tungoOf(written).route.bypasses[0]?.loader, {
      sources: [{
        type: "file",
        file: "lists/a.txt",
        path: "bypasses[0].file.path",
        at: { file: "a.yaml", line: 8, column: 26 },
      }],
      reload,
    });
  }
});

Deno.test("decodeBypasses keeps of a URL only what is no secret where it may be shown [B.8]", () => {
  const written = file(
    "- {name: b, http: {url: 'https://user:pw@h.example/a/b?token=x', timeout: 5s}}",
  );
  const [source] = tungoOf(written).route.bypasses[0]?.loader.sources ?? [];
  if (source?.type !== "http") throw new Error("it is not downloaded");
  assertEquals([source.file, source.timeout], [
    "https://h.example/a/b",
    5_000,
  ]);
  assertEquals(source.url.reveal(), "https://user:pw@h.example/a/b?token=x");
});

Deno.test("decodeBypasses says what it cannot use, and where", () => {
  const rows: [{ readonly yaml: string }, string][] = [
    [
      file("- {name: b, matchers: [a, 10.0.0.0/33]}"),
      'a.yaml:8:27: Cannot use the matcher "10.0.0.0/33": only prefixes have a slash: write one like 10.0.0.0/8 (bypasses[0].matchers)',
    ],
    [
      file("- {name: b, network: sctp}"),
      'a.yaml:8:22: Cannot use the network "sctp" as it must be tcp, udp or tcp6 (bypasses[0].network)',
    ],
    [
      file("- {name: b, file: {path: }}"),
      "a.yaml:8:19: Cannot read a file without its path (bypasses[0].file.path)",
    ],
    [
      file("- {name: b, redis: {addr: x}}"),
      'a.yaml:8:20: "redis" is not supported yet (bypasses[0].redis)',
    ],
    [
      file("- {name: b, http: {url: 'ftp://user:pw@h/x'}}"),
      "a.yaml:8:25: Cannot use this URL: write one of http or https (bypasses[0].http.url)",
    ],
    [
      file("- {name: b, plugin: {addr: x}}"),
      'a.yaml:8:21: "plugin" is not supported yet (bypasses[0].plugin)',
    ],
    [
      file("- {name: c}"),
      'a.yaml:4:11: Unknown bypass "b": there is c (services[0].bypass)',
    ],
    [
      file("- {name: c}", "bypasses: [c, bypass-0]"),
      'a.yaml:4:17: Unknown bypass "bypass-0": there is c (services[0].bypasses)',
    ],
  ];
  for (const [written, error] of rows) assertEquals(errorsOf(written), [error]);
});

Deno.test("decodeBypasses checks the matchers of the command line", () => {
  assertEquals(errorsOf({ L: ["tungo://:0?bypass=a,10.0.0.9-10.0.0.1"] }), [
    '-L: Cannot use the matcher "10.0.0.9-10.0.0.1": the range is empty: write 10.0.0.1-10.0.0.9 (bypasses[0].matchers)',
  ]);
});
