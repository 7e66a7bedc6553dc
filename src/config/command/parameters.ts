import type { Position } from "../../base/errors.ts";
import type { Problems } from "../problems.ts";
import {
  type Entry,
  type Mapping,
  mapping,
  type Node,
  scalar,
  type Sequence,
  sequence,
} from "../tree/node.ts";
import { readInteger, readText, readTexts } from "../values/read.ts";
import type { Definitions } from "./definitions.ts";
import type { CommandUrl, Query, User } from "./url.ts";

/** The argument of the command line that is being read. */
export interface Argument {
  readonly at: Position;
  readonly definitions: Definitions;
  readonly problems: Problems;
}

/** `bypass=[~]a,b` or `admission=[~]a,b`: defines one and returns its name. */
export function takeMatchers(
  query: Query,
  { at, definitions }: Argument,
  kind: { readonly kind: string; readonly prefix: string },
): Node | undefined {
  const text = takeText(query, kind.prefix);
  if (text === "") return undefined;
  const isWhitelist = text.startsWith("~");
  return definitions.add(kind, {
    whitelist: isWhitelist ? scalar(true, at) : undefined,
    matchers: items(isWhitelist ? text.slice(1) : text, at),
  }, at);
}

/** `resolver=a,b`: defines one and returns its name. */
export function takeResolver(
  query: Query,
  { at, definitions }: Argument,
  { key = "resolver", prefer }: {
    readonly key?: string;
    readonly prefer?: Node | undefined;
  } = {},
): Node | undefined {
  const text = takeText(query, key);
  if (text === "") return undefined;
  const servers = items(text, at).items.map((addr) =>
    mapping({ addr, prefer }, at)
  );
  return definitions.add({ kind: "resolvers", prefix: "resolver" }, {
    nameservers: sequence(servers, at),
  }, at);
}

/** `hosts=name:address,…`: defines one and returns its name. The first colon separates, so IPv6 needs no brackets. */
export function takeHosts(
  query: Query,
  { at, definitions, problems }: Argument,
): Node | undefined {
  const text = takeText(query, "hosts");
  if (text === "") return undefined;
  const mappings: Mapping[] = [];
  for (const pair of text.split(",")) {
    const colon = pair.indexOf(":");
    if (colon < 0) {
      const message = `Cannot use "${pair}" in hosts=: write name:address`;
      problems.error(message, { path: "", at });
      continue;
    }
    const ip = scalar(pair.slice(colon + 1), at);
    mappings.push(
      mapping({ ip, hostname: scalar(pair.slice(0, colon), at) }, at),
    );
  }
  return definitions.add({ kind: "hosts", prefix: "hosts" }, {
    mappings: sequence(mappings, at),
  }, at);
}

/** The user of the URL, or else `auth=` with the base64 of `user:password`. */
export function takeAuth(
  { user, query }: CommandUrl,
  { at, problems }: Argument,
): Mapping | undefined {
  const encoded = takeText(query, "auth");
  const auth = user ?? (encoded === "" ? undefined : decodeAuth(encoded));
  if (auth === undefined) {
    if (encoded !== "") {
      const message = "Cannot decode auth=: write the base64 of user:password";
      problems.error(message, { path: "", at });
    }
    return undefined;
  }
  const { username, password } = auth;
  return mapping({
    username: scalar(username, at),
    password: password === "" ? undefined : scalar(password, at),
  }, at);
}

/** Files of a certificate, its key and its authorities, by any of their names. */
export function takeTlsFiles(
  query: Query,
  at: Position,
): Readonly<Record<string, Node | undefined>> {
  const file = (...keys: readonly string[]): Node | undefined => {
    const text = takeText(query, ...keys);
    return text === "" ? undefined : scalar(text, at);
  };
  return {
    certFile: file("tls.certFile", "certFile", "cert"),
    keyFile: file("tls.keyFile", "keyFile", "key"),
    caFile: file("tls.caFile", "caFile", "ca"),
  };
}

/** Empty when none of the keys is there. All of them are taken. */
export function takeText(query: Query, ...keys: readonly string[]): string {
  const node = query.take(...keys);
  return node === undefined ? "" : readText(node) ?? "";
}

/** Undefined when the key is not there, or is no number above 0: then it stays, and its reader complains. */
export function takePositive(query: Query, key: string): number | undefined {
  const node = query.get(key);
  const value = node === undefined ? 0 : readInteger(node) ?? 0;
  if (value <= 0) return undefined;
  query.take(key);
  return value;
}

/** Metadata for each scope: a key that starts with a scope and a dot goes there alone, any other to all of them. */
export function distribute<S extends string>(
  query: Query,
  scopes: readonly S[],
  at: Position,
): ReadonlyMap<S, Mapping> {
  const metadata = new Map(
    scopes.map((scope) => [scope, new Map<string, Entry>()]),
  );
  const scopeOf = ({ key }: Entry): S | undefined =>
    scopes.find((scope) => key.toLowerCase().startsWith(`${scope}.`));
  // Scoped keys come last, so that they win.
  const entries = query.entries().toSorted((a, b) =>
    Number(scopeOf(a) !== undefined) - Number(scopeOf(b) !== undefined)
  );
  for (const entry of entries) {
    const only = scopeOf(entry);
    const key = only === undefined
      ? entry.key
      : entry.key.slice(only.length + 1);
    for (const scope of only === undefined ? scopes : [only]) {
      metadata.get(scope)?.set(key.toLowerCase(), { ...entry, key });
    }
  }
  return new Map(
    scopes.map((scope) => [scope, {
      kind: "mapping",
      entries: [...metadata.get(scope)?.values() ?? []],
      at,
    }]),
  );
}

function items(text: string, at: Position): Sequence {
  const texts = readTexts(scalar(text, at)) ?? [];
  return sequence(texts.map(({ text }) => scalar(text, at)), at);
}

/** Both alphabets of base64. */
function decodeAuth(encoded: string): User | undefined {
  try {
    const octets = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
    const text = new TextDecoder("utf-8", { fatal: true })
      .decode(Uint8Array.from(octets, (octet) => octet.charCodeAt(0)));
    const colon = text.indexOf(":");
    return colon < 0
      ? { username: text, password: "" }
      : { username: text.slice(0, colon), password: text.slice(colon + 1) };
  } catch {
    return undefined;
  }
}
