/**
 * The architecture as a lint plugin: who may import whom, which folders stay free of I/O, and that no module holds state.
 * The table binds `main.ts`, `src/` and `ffi/`; a change to it belongs into one commit with its reason (src/README.md).
 */

/** What each folder may import besides itself. `npm:` and `node:` packages are listed where a folder may use them. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  base: ["type node:net"],
  stack: ["wire", "base"],
  proto: ["wire", "base", "node:crypto", "node:buffer"],
  device: ["wire", "base"],
  flow: ["wire", "base", "node:net", "node:stream", "node:buffer"],
  rules: ["wire", "base"],
  framing: ["flow", "proto", "wire", "base"],
  names: ["flow", "proto", "wire", "base"],
  middleware: ["flow", "rules", "names", "proto", "wire", "base"],
  outbound: [
    "framing",
    "flow",
    "rules",
    "names",
    "proto",
    "wire",
    "base",
    "node:tls",
    "node:net",
    "node:crypto",
  ],
  inbound: [
    "framing",
    "flow",
    "rules",
    "names",
    "proto",
    "wire",
    "base",
    "node:tls",
    "node:net",
    "node:dgram",
    "node:crypto",
  ],
  system: ["wire", "base"],
  config: ["wire", "base", "yaml"],
  control: ["flow", "config", "wire", "base"],
  app: [
    ...[
      "wire",
      "base",
      "stack",
      "proto",
      "device",
      "flow",
      "rules",
      "names",
      "middleware",
    ],
    ...[
      "outbound",
      "inbound",
      "system",
      "config",
      "control",
      "node:net",
      "node:crypto",
      "node:timers",
    ],
  ],
  std: ["node:assert/strict", "node:util"],
  ffi: [
    ...["device", "system", "wire", "base"],
    ...["node:net", "node:process", "node:timers", "node:crypto"],
    ...["node:v8", "node:vm"],
  ],
  main: ["app", "config", "control", "base", "std", "ffi"],
};

/** Globals that a sans-IO folder must not name. Time, randomness and I/O come in as parameters. */
const WORLD = new Set([
  ...[
    "Deno",
    "Date",
    "performance",
    "crypto",
    "console",
    "fetch",
    "WebSocket",
    "Worker",
  ],
  ...["setTimeout", "setInterval", "setImmediate", "queueMicrotask"],
]);
const SANS_IO = new Set(["wire", "stack", "proto", "rules", "system"]);

/** Powers that belong to exactly one place. */
const RESERVED: readonly { readonly member: RegExp; readonly home: RegExp }[] =
  [
    {
      member: /^Deno\.(args|exit|addSignalListener|removeSignalListener)$/,
      home: /^main\.ts$/,
    },
    { member: /^Deno\.Command$/, home: /^src\/app\/execute\.ts$/ },
    {
      member:
        /^(Deno\.(dlopen|UnsafePointer|UnsafePointerView|UnsafeCallback|UnsafeFnPointer)|process\.binding)$/,
      home: /^ffi\//,
    },
  ];

/** The checkout, from which paths are counted: a folder above it may well be called "src" or "ffi". */
const ROOT = decodeURI(new URL("..", import.meta.url).pathname);

/** Path below the checkout, or undefined where the rules do not bind (tests/, scripts/). */
function projectPath(filename: string): string | undefined {
  const path = filename.replaceAll("\\", "/").replace(/^\/?/, "/");
  if (!path.startsWith(ROOT)) return undefined;
  const below = path.slice(ROOT.length);
  return /^(src\/|ffi\/|main\.ts$)/.test(below) ? below : undefined;
}

function folderOf(path: string): string {
  if (path === "main.ts") return "main";
  const parts = path.split("/");
  return (parts[0] === "src" ? parts[1] : parts[0]) ?? "";
}

/** The folder or package that `specifier` leads to when written in the file at `path`. */
function destination(specifier: string, path: string): string {
  if (!specifier.startsWith(".")) {
    return specifier.startsWith("@std/") ? "std" : specifier;
  }
  return folderOf(new URL(specifier, `file:///${path}`).pathname.slice(1));
}

type ImportLike = {
  readonly source: { readonly value: string } | null;
  readonly importKind?: string;
  readonly exportKind?: string;
};

function importDirection(
  context: Deno.lint.RuleContext,
): Deno.lint.LintVisitor {
  const path = projectPath(context.filename);
  if (path === undefined) return {};
  const folder = folderOf(path);
  const allowed = MAY_IMPORT[folder];
  const check = (node: ImportLike & Deno.lint.Node): void => {
    if (node.source === null) return;
    const to = destination(node.source.value, path);
    const typeOnly = node.importKind === "type" || node.exportKind === "type";
    if (
      to === folder || allowed?.includes(to) ||
      (typeOnly && allowed?.includes(`type ${to}`))
    ) return;
    context.report({
      node,
      message: `"${folder}" must not import "${to}"`,
      hint: "See the table in scripts/lint_architecture.ts",
    });
  };
  return {
    ImportDeclaration: check,
    ExportNamedDeclaration: check,
    ExportAllDeclaration: check,
  };
}

function sansIo(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  const path = projectPath(context.filename);
  if (path === undefined) return {};
  const pure = SANS_IO.has(folderOf(path));
  const asynchronous = folderOf(path) !== "proto";
  const report = (node: Deno.lint.Node, what: string): void =>
    context.report({
      node,
      message: `${what} has no place in a sans-IO folder`,
      hint: "Pass time, randomness and I/O in as parameters (R4)",
    });
  return {
    Identifier(node) {
      if (!pure) return;
      const parent = node.parent as {
        type: string;
        property?: unknown;
        computed?: boolean;
        key?: unknown;
      };
      const isName =
        (parent.type === "MemberExpression" && parent.property === node &&
          !parent.computed) || parent.key === node;
      if (!isName && WORLD.has(node.name)) report(node, `"${node.name}"`);
      if (!isName && asynchronous && node.name === "Promise") {
        report(node, `"Promise"`);
      }
    },
    AwaitExpression(node) {
      if (pure) report(node, `"await"`);
    },
    MemberExpression(node) {
      const text = context.sourceCode.getText(node);
      if (pure && text === "Math.random") report(node, `"Math.random"`);
      const owner = RESERVED.find(({ member }) => member.test(text));
      if (owner !== undefined && !owner.home.test(path)) {
        context.report({
          node,
          message: `"${text}" belongs to ${
            owner.home.source.replaceAll("\\", "")
          } alone`,
        });
      }
    },
  };
}

function noModuleState(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  if (projectPath(context.filename) === undefined) return {};
  return {
    "Program > VariableDeclaration, Program > ExportNamedDeclaration > VariableDeclaration"(
      node: Deno.lint.VariableDeclaration,
    ) {
      if (node.kind === "const") return;
      context.report({
        node,
        message: "A module holds no state",
        hint: "Put it into an object that somebody owns (R8)",
      });
    },
  };
}

const plugin: Deno.lint.Plugin = {
  name: "tungo",
  rules: {
    "import-direction": { create: importDirection },
    "sans-io": { create: sansIo },
    "no-module-state": { create: noModuleState },
  },
};

export default plugin;
