import { CONNECTORS, DIALERS } from "../known_types.ts";
import {
  type Mapping,
  mapping,
  type Node,
  scalar,
  sequence,
} from "../tree/node.ts";
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

/** What GOST makes of -F: a hop with a node for each host of a list, all alike but for their address. */
export function hopOfUrl(
  url: CommandUrl,
  name: string,
  argument: Argument,
): Mapping {
  const { at, problems } = argument;
  if (/[^/]/.test(url.path)) {
    problems.error("Cannot use a path behind the address: write ?path=/ws", {
      path: "",
      at,
    });
  }
  const query = new Query(url.query.entries());
  const selector = takeSelector(query, argument);
  const fields = {
    bypass: takeMatchers(query, argument, {
      kind: "bypasses",
      prefix: "bypass",
    }),
    resolver: takeResolver(query, argument),
    hosts: takeHosts(query, argument),
  };
  const interfaces = takeText(query, "interface");
  if (interfaces !== "") query.add("hop.interface", scalar(interfaces, at));
  for (const key of ["so_mark", "proxyProtocol"]) {
    const value = takePositive(query, key);
    if (value !== undefined) query.add(`hop.${key}`, scalar(value, at));
  }
  const auth = takeAuth({ ...url, query }, argument);
  const tls = takeTls(query, argument);
  const scopes = ["hop", "node", "connector", "dialer"] as const;
  const metadata = distribute(query, scopes, at);
  const { connector, dialer } = typesOf(url.schemes);
  const isSsh = dialer === "ssh" || dialer === "sshd";

  const nodes = url.host.split(",").filter((host) => host !== "").map(
    (addr, i) => {
      const serverName = hostOf(addr);
      const named = serverName === ""
        ? {}
        : { serverName: scalar(serverName, at) };
      const all = mapping({ ...named, ...tls }, at);
      return mapping({
        name: scalar(`node-${i}`, at),
        addr: scalar(addr, at),
        connector: mapping({
          type: scalar(connector, at),
          auth: isSsh ? undefined : auth,
          metadata: metadata.get("connector"),
        }, at),
        dialer: mapping({
          type: scalar(dialer, at),
          auth: isSsh ? auth : undefined,
          tls: all.entries.length === 0 ? undefined : all,
          metadata: metadata.get("dialer"),
        }, at),
        metadata: metadata.get("node"),
      }, at);
    },
  );
  return mapping({
    name: scalar(name, at),
    selector,
    ...fields,
    nodes: sequence(nodes, at),
    metadata: metadata.get("hop"),
  }, at);
}

/** A single name stands for both, where there is a connector and a dialer of that name; else GOST fills in the other. */
function typesOf(
  [connector = "", dialer]: readonly string[],
): { readonly connector: string; readonly dialer: string } {
  if (dialer !== undefined) return { connector, dialer };
  const isDialer = DIALERS.includes(connector);
  if (connector === "auto" || (!CONNECTORS.includes(connector) && isDialer)) {
    return { connector: "http", dialer: isDialer ? connector : "tcp" };
  }
  if (isDialer) return { connector, dialer: connector };
  return { connector, dialer: connector === "ssu" ? "udp" : "tcp" };
}

/** Where one of its parameters is given, the others have defaults of the command line. */
function takeSelector(
  query: Query,
  { at }: Argument,
): Node | undefined {
  const strategy = takeText(query, "strategy");
  const maxFails = query.take("maxFails", "max_fails");
  const failTimeout = query.take("failTimeout", "fail_timeout");
  if (strategy === "" && maxFails === undefined && failTimeout === undefined) {
    return undefined;
  }
  return mapping({
    strategy: scalar(strategy === "" ? "round" : strategy, at),
    maxFails: maxFails ?? scalar(1, at),
    failTimeout: failTimeout ?? scalar("30s", at),
  }, at);
}

function takeTls(
  query: Query,
  { at }: Argument,
): Readonly<Record<string, Node | undefined>> {
  const secure = query.take("tls.secure", "secure");
  const serverName = takeText(query, "tls.servername", "serverName");
  return {
    ...takeTlsFiles(query, at),
    secure,
    ...(serverName !== "" && { serverName: scalar(serverName, at) }),
  };
}

/** Without its port and the brackets of IPv6. */
function hostOf(addr: string): string {
  const [, bracketed, plain] =
    /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(addr) ??
      [];
  return bracketed ?? plain ?? "";
}
