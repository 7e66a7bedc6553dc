import type { Position } from "../../base/errors.ts";
import type { Place, Problems } from "../problems.ts";
import { type Entry, type Node, scalar } from "../tree/node.ts";

export interface CommandUrl {
  /** Parts of the scheme, in lower case. */
  readonly schemes: readonly string[];
  readonly user: User | undefined;
  /** As written: it may be a list, and its port a range. */
  readonly host: string;
  readonly path: string;
  readonly query: Query;
}

export interface User {
  readonly username: string;
  readonly password: string;
}

/** What stands behind the question mark; keys have no case. */
export class Query {
  readonly #parameters = new Map<string, Entry>();

  constructor(entries: Iterable<Entry> = []) {
    for (const { key, value } of entries) this.add(key, value);
  }

  /** False when the key is there already. */
  add(key: string, value: Node): boolean {
    const name = key.toLowerCase();
    if (this.#parameters.has(name)) return false;
    this.#parameters.set(name, { key, at: value.at, value });
    return true;
  }

  get(key: string): Node | undefined {
    return this.#parameters.get(key.toLowerCase())?.value;
  }

  /** The first of the keys that is there, taken out together with the others. */
  take(...keys: readonly string[]): Node | undefined {
    let found: Node | undefined;
    for (const key of keys) {
      found ??= this.get(key);
      this.#parameters.delete(key.toLowerCase());
    }
    return found;
  }

  entries(): readonly Entry[] {
    return [...this.#parameters.values()];
  }
}

/**
 * `[scheme[+scheme]://][user[:password]@]host[?key=value&…]`, as GOST reads its services and hops. Problems never quote
 * the user or a value: they may be secret.
 */
export function parseUrl(
  text: string,
  at: Position,
  problems: Problems,
): CommandUrl | undefined {
  const place: Place = { path: "", at };
  const trimmed = text.trim();
  const hasScheme = trimmed.includes("://") && !trimmed.startsWith(":");
  const whole = hasScheme ? trimmed : `auto://${trimmed}`;
  const [, scheme = "", authority = "", path = "", query = ""] =
    /^([^]*?):\/\/([^/?]*)([^?]*)(?:\?([^]*))?$/.exec(whole) ?? [];
  if (trimmed === "") {
    problems.error("Cannot use an empty URL: write one like tungo://:0", place);
    return undefined;
  }
  if (!/^[a-z][a-z\d+.-]*$/i.test(scheme)) {
    problems.error(
      "Cannot read the scheme: write one like tungo://:0 or relay+wss://host:443",
      place,
    );
    return undefined;
  }
  if (trimmed.includes("#")) {
    problems.error("Cannot use # in a URL: write it as %23", place);
    return undefined;
  }
  const userEnd = authority.lastIndexOf("@");
  if (userEnd < 0 && /@/.test(path + query.split("=")[0])) {
    problems.error("Cannot use / and ? in a user: write %2F and %3F", place);
    return undefined;
  }
  const user = userEnd < 0 ? undefined : parseUser(authority.slice(0, userEnd));
  if (user === "undecodable") {
    problems.error("Cannot decode the user: write % as %25", place);
    return undefined;
  }
  const schemes = scheme.toLowerCase() === "https"
    ? ["http", "tls"]
    : scheme.toLowerCase().split("+");
  if (schemes.length > 2) {
    problems.error(
      "Cannot use three schemes: write a protocol and a transport, like relay+wss",
      place,
    );
  }
  return {
    schemes,
    user,
    host: authority.slice(userEnd + 1),
    path,
    query: parseQuery(query, place, problems),
  };
}

function parseUser(text: string): User | undefined | "undecodable" {
  const colon = text.indexOf(":");
  const username = decode(colon < 0 ? text : text.slice(0, colon));
  const password = colon < 0 ? "" : decode(text.slice(colon + 1));
  if (username === undefined || password === undefined) return "undecodable";
  return { username, password };
}

function parseQuery(text: string, place: Place, problems: Problems): Query {
  const query = new Query();
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const key = decode(name.replaceAll("+", " "));
    const value = decode(
      equals < 0 ? "" : pair.slice(equals + 1).replaceAll("+", " "),
    );
    if (key === undefined || value === undefined) {
      problems.error(`Cannot decode ${name}: write % as %25`, place);
    } else if (!query.add(key, scalar(value, place.at))) {
      problems.warn(
        `Only the first of several ${key}= counts, a list has commas`,
        place,
      );
    }
  }
  return query;
}

/** Undefined where a percent sign is not followed by the octets of UTF-8. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
