import { formatAddress, parseAddress } from "../wire/address.ts";

export interface Nameserver {
  readonly host: string;
  /** The zone of a link-local address. */
  readonly interface?: string;
  /** Runs on this machine: to be asked through no interface, and its own questions leave as it likes. */
  readonly stub: boolean;
}

const BEGIN = "# tungo begins; the lines marked #~ come back when it stops";
const END = "# tungo ends";
const COVER = "#~ ";

/**
 * The nameservers of resolv.conf(5), before tungo changed it. In place of a stub stand the servers that it asks itself, where
 * `uplinks` (systemd-resolved's /run/systemd/resolve/resolv.conf) names them.
 */
export function nameserversOf(
  resolvConf: string,
  uplinks: string = "",
): Nameserver[] {
  const behind = parseNameservers(uplinks).filter(({ stub }) => !stub);
  const servers = parseNameservers(uncoverNameservers(resolvConf))
    .flatMap((server) => server.stub && behind.length > 0 ? behind : [server]);
  const unique = new Map(
    servers.map((server) => [`${server.host}%${server.interface}`, server]),
  );
  // resolv.conf(5): without any, the server on this machine.
  return unique.size > 0
    ? [...unique.values()]
    : [{ host: "127.0.0.1", stub: true }];
}

/** `text` with `servers` in place of its own nameservers, which stay in it as comments: a lost journal loses nothing. */
export function coverNameservers(
  text: string,
  servers: readonly string[],
): string {
  const rest = text.split("\n").map((line) =>
    isNameserver(line) || line.startsWith(COVER) ? COVER + line : line
  );
  const ours = servers.map((server) => `nameserver ${server}`);
  return [BEGIN, ...ours, END, ...rest].join("\n");
}

/** What `coverNameservers` was given; any other text as it is. */
export function uncoverNameservers(text: string): string {
  const lines = text.split("\n");
  const begin = lines.indexOf(BEGIN);
  const end = lines.indexOf(END, begin);
  if (begin < 0 || end < 0) return text;
  lines.splice(begin, end - begin + 1);
  return lines.map((line) =>
    line.startsWith(COVER) ? line.slice(COVER.length) : line
  ).join("\n");
}

function isNameserver(line: string): boolean {
  return /^nameserver\s/.test(line);
}

function parseNameservers(text: string): Nameserver[] {
  return text.split("\n").filter(isNameserver).flatMap((line) => {
    const [, value = ""] = line.split(/\s+/);
    const [host = "", zone] = value.split("%", 2);
    const address = parseAddress(host);
    if (address === undefined) return [];
    const server = {
      host: formatAddress(address),
      stub: address.length === 4
        ? address[0] === 127
        : formatAddress(address) === "::1",
    };
    return zone === undefined ? [server] : [{ ...server, interface: zone }];
  });
}
