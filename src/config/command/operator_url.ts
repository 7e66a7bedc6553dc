import type { Position } from "../../base/errors.ts";
import type { Problems } from "../problems.ts";
import { type Mapping, mapping, type Node, scalar } from "../tree/node.ts";
import type { Command } from "./options.ts";
import { takeText } from "./parameters.ts";
import { parseUrl } from "./url.ts";

/** What GOST makes of -api and -metrics: `[user[:password]@]host:port[?key=value&…]`. */
export function operatorDocument(
  { api, metrics }: Pick<Command, "api" | "metrics">,
  problems: Problems,
): Mapping {
  const operator = (
    text: string | undefined,
    option: string,
    keys: readonly string[],
  ): Node | undefined =>
    text ? operatorOfUrl(text, { option, keys }, problems) : undefined;
  return mapping({
    api: operator(api, "-api", ["pathPrefix", "accesslog"]),
    metrics: operator(metrics, "-metrics", ["path"]),
  }, { file: "-api", line: 0, column: 0 });
}

function operatorOfUrl(
  text: string,
  { option, keys }: {
    readonly option: string;
    readonly keys: readonly string[];
  },
  problems: Problems,
): Mapping | undefined {
  const at: Position = { file: option, line: 0, column: 0 };
  const url = parseUrl(text, at, problems);
  if (url === undefined) return undefined;
  const node = (value: string | undefined): Node | undefined =>
    value === undefined || value === "" ? undefined : scalar(value, at);
  return mapping({
    addr: scalar(url.host, at),
    ...Object.fromEntries(
      keys.map((key) => [key, node(takeText(url.query, key))]),
    ),
    auth: url.user && mapping({
      username: node(url.user.username),
      password: node(url.user.password),
    }, at),
  }, at);
}
