import type { Millis } from "../base/clock.ts";
import { formatPosition } from "../base/errors.ts";
import type { NodeConfig } from "../config/chain_schema.ts";
import type { ServiceConfig } from "../config/schema.ts";
import { formatDuration } from "../config/values/duration.ts";
import { formatEndpoint, type Step } from "../flow/flow.ts";
import {
  type Decision,
  outcomeOf,
  type Question,
  UNKNOWN_ADDRESS,
  type Way,
} from "./decision.ts";

/** A decision for people: each step with what decided it, and the way that results. */
export function explain(question: Question, decision: Decision): string {
  const { service, steps, way } = decision;
  const at = formatPosition(service.at);
  return [
    `${
      formatEndpoint(question.to)
    } over ${question.protocol}, by the service "${service.name}" (${at})`,
    "",
    ...table(steps.map(stepOf)),
    ...(steps.length === 0 ? [] : [""]),
    ...table([
      ["route", routeOf(decision)],
      ...nodesOf(way),
      ...interfacesOf(way),
      ["timeouts", timeoutsOf(question, decision)],
    ]),
    "",
  ].join("\n");
}

function stepOf({ by, what, because = "" }: Step): readonly string[] {
  return [`  ${by}`, what, because];
}

function routeOf(decision: Decision): string {
  const { way, answered } = decision;
  if (way === undefined) {
    return answered ? "none: it is answered here" : "none: it is turned down";
  }
  const { host } = way.target;
  const target = host === UNKNOWN_ADDRESS
    ? "the address that the application chooses"
    : formatEndpoint(way.target);
  return way.nodes.length === 0
    ? `direct to ${target}`
    : `${outcomeOf(decision)} > ${target}`;
}

function nodesOf(way: Way | undefined): readonly string[][] {
  const nodes = way?.nodes ?? [];
  return nodes.map(({ name, way, at }) => ["node", `${name}: ${way} (${at})`]);
}

function interfacesOf(way: Way | undefined): readonly string[][] {
  if (way === undefined) return [];
  const all = way.interfaces.join(", or else ");
  return [["interface", all === "" ? "what the routing table says" : all]];
}

function timeoutsOf(
  { protocol }: Question,
  { service, way }: Decision,
): string {
  const { dialTimeout, retries } = service.route;
  return [
    ...sniffingOf(service, protocol),
    `dial ${formatDuration(dialTimeout)}`,
    ...(retries === 0 ? [] : [`up to ${retries + 1} times`]),
    ...nodesBy(service, way).flatMap(handshakesOf),
    ...(protocol === "udp" && service.type === "tungo"
      ? [`idle ${formatDuration(service.udpTimeout)}`]
      : []),
  ].join(", ");
}

function sniffingOf(
  { sniffing: { tcp, timeout } }: ServiceConfig,
  protocol: Question["protocol"],
): readonly string[] {
  return tcp && protocol === "tcp"
    ? [`sniffing ${formatDuration(timeout)}`]
    : [];
}

/** What the configuration says of the nodes of a way. */
function nodesBy(
  { route }: ServiceConfig,
  way: Way | undefined,
): readonly NodeConfig[] {
  const grouped = route.group?.entries.map(({ chain }) => chain) ?? [];
  // A chain may stand in several places.
  const chains = [...new Set([route.chain, ...grouped])];
  const hops = chains.flatMap((chain) => chain?.hops ?? []);
  const all = hops.flatMap(({ nodes }): readonly NodeConfig[] => nodes);
  return (way?.nodes ?? []).flatMap(({ name, at }) =>
    all.filter((node) => node.name === name && formatPosition(node.at) === at)
  );
}

function handshakesOf(node: NodeConfig): readonly string[] {
  if (node.type === "direct") return [];
  const { name, transport, connector } = node;
  const bounds: readonly [string, Millis | undefined][] = [
    [
      "handshake",
      "ws" in transport
        ? transport.ws.handshakeTimeout
        : "handshakeTimeout" in transport
        ? transport.handshakeTimeout
        : undefined,
    ],
    ["request", connector.connectTimeout],
  ];
  return bounds.flatMap(([what, bound]) =>
    bound === undefined ? [] : [`${name} ${what} ${formatDuration(bound)}`]
  );
}

/** Columns as wide as their widest cell. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows.reduce<number[]>((widths, row) => {
    for (const [i, cell] of row.entries()) {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    }
    return widths;
  }, []);
  return rows.map((row) =>
    row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd()
  );
}
