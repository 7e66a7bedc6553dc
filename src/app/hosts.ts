import { formatPosition } from "../base/errors.ts";
import type { HostMappingConfig, HostsConfig } from "../config/chain_schema.ts";
import { type HostEntry, type HostsTable, hostsTable } from "../names/hosts.ts";
import { lookUp } from "../names/hosts.ts";
import { parseHostsFile } from "../names/hosts_file.ts";
import type { Found } from "../names/lookup.ts";
import type { Context } from "./context.ts";
import { readLive } from "./live.ts";

/** Bad lines of a file that are named; the rest is counted. */
const MAX_NAMED = 10;

/** What hosts have for a name. */
export type FindHost = (name: string) => Found | undefined;

/** Reads the files of hosts, and again as often as they say. Rejects with a ConfigError where one cannot be read. */
export async function readHosts(
  { name: by, mappings, loader }: HostsConfig,
  context: Pick<Context, "files" | "log" | "upkeep">,
): Promise<FindHost> {
  const own = hostsTable(mappings.flatMap(entriesOf));
  const lists = await readLive(
    loader,
    (text, { file }) => Promise.resolve(tableOf(text, file, by, context)),
    context,
  );
  return (name) => {
    const tables = [own, ...lists.map(({ current }) => current)];
    const [first, ...others] = lookUp(tables, name);
    if (first === undefined) return undefined;
    const addresses = [first, ...others].map(({ address }) => address);
    const what = first.name === name ? name : `${name} is ${first.name}`;
    const because = `${what}, ${formatPosition(first.at)}`;
    return { addresses, by, because };
  };
}

function tableOf(
  text: string,
  file: string,
  hosts: string,
  { log }: Pick<Context, "log">,
): HostsTable {
  const { entries, problems } = parseHostsFile(text, file);
  for (const { at, text } of problems.slice(0, MAX_NAMED)) {
    const reason = `Leaves out "${text}": it is no address`;
    log.warn("list.line", { hosts, at: formatPosition(at), reason });
  }
  if (problems.length > MAX_NAMED) {
    log.warn("list.bad", { hosts, file, lines: problems.length });
  }
  log.debug("list.read", { hosts, file, names: entries.length });
  return hostsTable(entries);
}

function entriesOf(
  { at, address, names }: HostMappingConfig,
): readonly HostEntry[] {
  return names.map((name) => ({ name, address, at }));
}
