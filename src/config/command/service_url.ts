import { HANDLERS, LISTENERS } from "../known_types.ts";
import {
  type Mapping,
  mapping,
  type Node,
  scalar,
  sequence,
} from "../tree/node.ts";
import { readText, readTexts } from "../values/read.ts";
import {
  type Argument,
  distribute,
  takeAuth,
  takeHosts,
  takeMatchers,
  takePositive,
  takeResolver,
  takeText,
  takeTlsFiles,
} from "./parameters.ts";
import { type CommandUrl, Query } from "./url.ts";

interface ServiceNames {
  readonly name: string;
  readonly addr: string;
  readonly chain: string | undefined;
}

/** What GOST makes of -L. Parameters that become fields leave the handler's metadata, and stay in the other two. */
export function serviceOfUrl(
  url: CommandUrl,
  names: ServiceNames,
  argument: Argument,
): Mapping {
  const { at, problems } = argument;
  if (/[^/]/.test(url.path)) {
    problems.error(
      "Cannot forward to a target behind the address, that is not supported yet: a path is written ?path=/ws",
      { path: "", at },
    );
  }
  const text = (value: string | undefined): Node | undefined =>
    value === undefined || value === "" ? undefined : scalar(value, at);
  const { handler, listener } = typesOf(url.schemes);
  const query = new Query(url.query.entries());
  const auth = takeAuth({ ...url, query }, argument);
  const tls = mapping(takeTlsFiles(query, at), at);
  prepare(query, argument);
  const metadata = distribute(query, ["service", "handler", "listener"], at);

  const own = new Query(metadata.get("handler")?.entries);
  const retries = takePositive(own, "retries");
  const prefer = own.get("prefer");
  const fields = {
    admission: takeMatchers(own, argument, {
      kind: "admissions",
      prefix: "admission",
    }),
    bypass: takeMatchers(own, argument, { kind: "bypasses", prefix: "bypass" }),
    resolver: takeResolver(own, argument, { prefer }),
    hosts: takeHosts(own, argument),
    ...takeLimiters(own, argument),
  };
  // Our own, in the manner of GOST's `resolver`.
  const answer = takeResolver(own, argument, { key: "dns.answer", prefer });
  if (answer !== undefined) own.add("dns.answer", answer);
  return mapping({
    name: text(names.name),
    addr: text(names.addr),
    ...fields,
    handler: mapping({
      type: text(handler),
      retries: retries === undefined ? undefined : scalar(retries, at),
      chain: text(names.chain),
      auth,
      metadata: { kind: "mapping", entries: own.entries(), at },
    }, at),
    listener: mapping({
      type: text(listener),
      tls: tls.entries.length === 0 ? undefined : tls,
      metadata: metadata.get("listener"),
    }, at),
    metadata: metadata.get("service"),
  }, at);
}

/** One address, or one for each port of a range such as `:8000-8010`. */
export function expandPorts(host: string): readonly string[] {
  const [, name, first, last] = /^([^]*):(\d+)-(\d+)$/.exec(host) ?? [];
  const count = Number(last) - Number(first) + 1;
  if (!(count > 0 && Number(last) <= 65_535)) return [host];
  return Array.from(
    { length: count },
    (_, i) => `${name}:${Number(first) + i}`,
  );
}

/** A single name stands for both, where there is a handler and a listener of that name; else GOST fills in the other. */
function typesOf(
  [handler = "", listener]: readonly string[],
): { readonly handler: string; readonly listener: string } {
  if (listener !== undefined) return { handler, listener };
  const isListener = LISTENERS.includes(handler);
  if (!HANDLERS.includes(handler) && isListener) {
    return { handler: "auto", listener: handler };
  }
  if (isListener) return { handler, listener: handler };
  return { handler, listener: handler === "ssu" ? "udp" : "tcp" };
}

/** Moves what belongs to the service there, makes `dns` a list, and drops what selects among targets that it does not have. */
function prepare(query: Query, { at, problems }: Argument): void {
  const selector = ["strategy", "maxFails", "max_fails", "failTimeout"];
  for (const key of [...selector, "fail_timeout"]) {
    if (takeText(query, key) === "") continue;
    problems.warn(`"${key}" has no effect on -L: it belongs to -F`, {
      path: "",
      at,
    });
  }
  const dns = query.take("dns");
  if (dns !== undefined) {
    const servers = readTexts(dns) ?? [];
    query.add("dns", sequence(servers.map(({ text }) => scalar(text, at)), at));
  }
  for (const key of ["interface", "netns", "netns.out"]) {
    const value = takeText(query, key);
    if (value !== "") query.add(`service.${key}`, scalar(value, at));
  }
  for (const key of ["so_mark", "proxyProtocol"]) {
    const value = takePositive(query, key);
    if (value !== undefined) query.add(`service.${key}`, scalar(value, at));
  }
}

function takeLimiters(
  query: Query,
  { at, definitions }: Argument,
): Readonly<Record<string, Node | undefined>> {
  const rates = (key: string): string | undefined => {
    const [input, output] = [
      takeText(query, `${key}.in`),
      takeText(query, `${key}.out`),
    ];
    return input || output ? `${input} ${output}` : undefined;
  };
  const add = (
    prefix: string,
    limits: readonly (string | undefined)[],
  ): Node | undefined => {
    const given = limits.filter((limit) => limit !== undefined);
    if (given.length === 0) return undefined;
    const items = given.map((limit) => scalar(limit, at));
    return definitions.add({ kind: `${prefix}s`, prefix }, {
      limits: sequence(items, at),
    }, at);
  };
  const service = rates("limiter");
  const connection = rates("limiter.conn");
  const connections = takePositive(query, "climiter");
  const rateNode = query.get("rlimiter");
  const rate = Number(rateNode === undefined ? 0 : readText(rateNode));
  if (rate > 0) query.take("rlimiter");
  return {
    limiter: add("limiter", [
      service && `$ ${service}`,
      connection && `$$ ${connection}`,
    ]),
    climiter: add("climiter", [connections ? `$ ${connections}` : undefined]),
    rlimiter: add("rlimiter", [rate > 0 ? `$ ${rate}` : undefined]),
  };
}
