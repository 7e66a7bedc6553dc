import type { RouteConfig, ServiceConfig } from "../schema.ts";
import { decodeBypasses } from "./bypass.ts";
import { decodeChain } from "./chain.ts";
import { decodeChainGroup } from "./chain_group.ts";
import type { Context } from "./context.ts";
import { decodeEgress, NO_EGRESS } from "./egress.ts";
import { decodeHooks } from "./hooks.ts";
import { Metadata } from "./metadata.ts";
import { decodeNames, NO_NAMES } from "./names.ts";
import {
  child,
  ignore,
  integer,
  place,
  says,
  type Section,
  text,
} from "./section.ts";
import { type Origin, reportUnknown } from "./unknown_keys.ts";

/** GOST's dialTimeout. */
const DIAL_TIMEOUT = 15_000;

/** Without effect in services and in handlers. */
const IDLE_KEYS = [
  "hash",
  "limiter.cleanupInterval",
  "limiter.refreshInterval",
  "observePeriod",
  "observer.period",
  "observer.resetTraffic",
];

/** A service, taken apart. */
export interface ServiceParts {
  readonly service: Section;
  readonly handler: Section;
  readonly listener: Section;
  readonly serviceMetadata: Metadata;
  readonly handlerMetadata: Metadata;
  readonly listenerMetadata: Metadata;
}

export function partsOf(service: Section, { problems }: Context): ServiceParts {
  const handler = child(service, "handler");
  const listener = child(service, "listener");
  return {
    service,
    handler,
    listener,
    serviceMetadata: new Metadata(service, problems),
    handlerMetadata: new Metadata(handler, problems),
    listenerMetadata: new Metadata(listener, problems),
  };
}

/** What services of every type have in common. */
export function decodeCommon(
  parts: ServiceParts,
  context: Context,
): Pick<ServiceConfig, "route" | "hooks" | "onReload"> {
  const { service, handler, serviceMetadata: metadata } = parts;
  const { problems } = context;
  ignore(service, [
    "limiter",
    "quotas",
    "climiter",
    "rlimiter",
    "logger",
    "loggers",
    "observer",
    "rewriter",
    "recorders",
    "cache",
  ], problems);
  ignore(handler, ["tls", "limiter", "observer"], problems);
  metadata.refuse("netns");
  metadata.ignore("enableStats", "labels", "limiter.scope", ...IDLE_KEYS);
  parts.handlerMetadata.ignore("observer.observePeriod", ...IDLE_KEYS);
  const retries = integer(handler, "retries");
  if (retries < 0) {
    problems.error(
      `Cannot use ${retries} retries as it must be >= 0`,
      place(handler, "retries"),
    );
  }
  return {
    route: {
      ...decodeWay(parts, context),
      bypasses: decodeBypasses(service, context),
      names: decodeNames(service, NO_NAMES, context),
      egress: decodeEgress(service, metadata, {
        outer: NO_EGRESS,
        netnsKey: "netns.out",
        problems,
      }),
      dialTimeout: metadata.duration(["dialTimeout"], DIAL_TIMEOUT),
      retries,
      strict: parts.handlerMetadata.boolean(["strict"]),
    },
    hooks: decodeHooks(metadata, problems),
    onReload: metadata.choice(["onReload"], ["end", "finish"], "end"),
  };
}

/** To be called when everybody has read what he knows. */
export function reportUnknownOfService(
  parts: ServiceParts,
  { problems }: Context,
): void {
  const { service, handler } = parts;
  const origin = (key: string, owner: Section, field: string): Origin => ({
    key,
    path: place(owner, field).path,
    isSet: says(owner, field),
  });
  const rates = ["limiter.in", "limiter.out"];
  const connections = ["limiter.conn.in", "limiter.conn.out"];
  reportUnknown(
    [parts.serviceMetadata, parts.handlerMetadata, parts.listenerMetadata],
    [
      origin("retries", handler, "retries"),
      origin("prefer", service, "resolver"),
      ...["admission", "bypass", "resolver", "hosts", "climiter", "rlimiter"]
        .map((key) => origin(key, service, key)),
      ...[...rates, ...connections]
        .map((key) => origin(key, service, "limiter")),
    ],
    problems,
  );
}

function decodeWay(
  { handler, serviceMetadata }: ServiceParts,
  context: Context,
): Pick<RouteConfig, "chain" | "group"> {
  const ignored = serviceMetadata.boolean(["ignoreChain"]);
  const name = text(handler, "chain");
  const chain = name === ""
    ? undefined
    : decodeChain(name, place(handler, "chain"), context);
  const group = decodeChainGroup(handler, chain, context);
  if (ignored) return { chain: undefined, group: undefined };
  return { chain: group === undefined ? chain : undefined, group };
}
