import { ConfigError } from "../../base/errors.ts";

/** What an argument of -C stands for. */
export type Source =
  | { readonly type: "file"; readonly path: string }
  | { readonly type: "stdin" }
  | {
    readonly type: "url";
    readonly url: string;
    /** What positions call it: it holds no password. */
    readonly name: string;
  }
  | { readonly type: "inline"; readonly text: string };

const EXTENSIONS = ["json", "yaml", "yml"] as const;

/** A file without an extension is read like standard input: as YAML, of which JSON is a part. */
export function parseSource(argument: string): Source | ConfigError {
  const source = argument.trim();
  const fail = (message: string): ConfigError =>
    new ConfigError(message, "", { file: "-C", line: 0, column: 0 });
  if (source === "") return fail("Cannot read a file without a name");
  if (source === "-") return { type: "stdin" };
  if (source.startsWith("{") && source.endsWith("}")) {
    return { type: "inline", text: source };
  }
  if (/^https?:\/\//i.test(source)) {
    const url = URL.parse(source);
    if (url === null) return fail("Cannot read this URL");
    const name = `${url.protocol}//${url.host}${url.pathname}`;
    return { type: "url", url: source, name };
  }
  const [, extension] = /[^/\\]\.([^./\\]+)$/.exec(source) ?? [];
  const isKnown = extension === undefined ||
    EXTENSIONS.some((known) => known === extension.toLowerCase());
  return isKnown ? { type: "file", path: source } : fail(
    `Cannot read "${source}": a configuration is .yaml, .yml or .json`,
  );
}

/** Where a configuration is looked for when the command line names none: the first file that exists counts. */
export function defaultPaths(home: string | undefined): readonly string[] {
  return ["tungo", "gost"].flatMap((name) => {
    const folders = [
      `/etc/${name}/`,
      ...(home ? [`${home}/.${name}/`] : []),
      "",
    ];
    return folders.flatMap((folder) =>
      EXTENSIONS.map((extension) => `${folder}${name}.${extension}`)
    );
  });
}
