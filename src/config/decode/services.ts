import { HANDLERS, LISTENERS } from "../known_types.ts";
import type { Problems } from "../problems.ts";
import type { ServiceConfig } from "../schema.ts";
import { unknown } from "../values/nearest.ts";
import type { Context } from "./context.ts";
import { decodeProxyService, proxyProtocol } from "./proxy_service.ts";
import { child, children, place, type Section, text } from "./section.ts";
import { partsOf, reportUnknownOfService } from "./service_parts.ts";
import { decodeTungoService } from "./tungo_service.ts";

const LISTENERS_OF_PROXIES = [
  "tcp",
  "tls",
  "ws",
  "wss",
  "mtcp",
  "mtls",
  "mws",
  "mwss",
];

interface DecodedServices {
  readonly services: readonly ServiceConfig[];
  /** Some were left out, because tungo does not have their types. */
  readonly skipped: boolean;
}

export function decodeServices(
  document: Section,
  context: Context,
): DecodedServices {
  const { problems } = context;
  const sections = children(document, "services");
  const names = new Set(sections.map((section) => text(section, "name")));
  const decoded = sections.map((section, i) => {
    const name = text(section, "name") || freeName(i, names);
    if (text(section, "name") === "") {
      problems.warn(`A service without a name is called "${name}"`, section);
      names.add(name);
    }
    return decodeService(section, name, { document, context });
  });
  const services = decoded.filter((service) => typeof service === "object");
  checkDevices(services, context);
  const skipped = decoded.includes("skipped");
  // Whatever is wrong so far may be why there is none.
  if (services.length === 0 && problems.errors().length === 0) {
    problems.error(
      skipped
        ? "Cannot run any of the services: use the handler tungo, relay, socks5, socks4, http or auto"
        : "Cannot find a service: name one with -L tungo://:0 or in a file",
      document,
    );
  }
  return { services, skipped };
}

/** Undefined when its types are wrong. */
function decodeService(
  section: Section,
  name: string,
  { document, context }: {
    readonly document: Section;
    readonly context: Context;
  },
): ServiceConfig | "skipped" | undefined {
  const { problems } = context;
  const handler = child(section, "handler");
  const listener = child(section, "listener");
  // GOST's defaults.
  const handlerType = text(handler, "type").toLowerCase() || "auto";
  const listenerType = text(listener, "type").toLowerCase() || "tcp";
  const isHandler = HANDLERS.includes(handlerType);
  if (!isHandler) complainOfType("handler", handlerType, handler, problems);
  const isListener = LISTENERS.includes(listenerType);
  if (!isListener) complainOfType("listener", listenerType, listener, problems);
  if (!isHandler || !isListener) return undefined;
  if (handlerType === "tungo" && listenerType !== "tungo") {
    problems.error(
      `Cannot use the listener "${listenerType}" as the handler tungo needs the listener tungo`,
      place(listener, "type"),
    );
    return undefined;
  }
  const protocol = LISTENERS_OF_PROXIES.includes(listenerType)
    ? proxyProtocol(handlerType)
    : undefined;
  if (handlerType !== "tungo" && protocol === undefined) {
    problems.warn(
      `Leaves out the service "${name}" as its handler "${handlerType}" with the listener "${listenerType}" is not supported yet`,
      section,
    );
    return "skipped";
  }
  const parts = partsOf(section, context);
  const defaultTls = child(document, "tls");
  const service = protocol === undefined
    ? decodeTungoService(parts, name, context)
    : decodeProxyService(parts, { name, protocol, defaultTls }, context);
  reportUnknownOfService(parts, context);
  return service;
}

function complainOfType(
  what: "handler" | "listener",
  type: string,
  section: Section,
  problems: Problems,
): void {
  const known = what === "handler" ? HANDLERS : LISTENERS;
  const all = what === "handler"
    ? "use tungo, relay, socks5, socks4, http or auto"
    : `use tungo, or another handler with ${LISTENERS_OF_PROXIES.join(", ")}`;
  problems.error(unknown(what, type, known, all), place(section, "type"));
}

/** Two services cannot have one device. */
function checkDevices(
  services: readonly ServiceConfig[],
  { problems }: Context,
): void {
  const devices = new Map<string, ServiceConfig>();
  for (const service of services) {
    if (service.type !== "tungo") continue;
    const { name, at } = service.device;
    const first = devices.get(name);
    if (first === undefined) {
      devices.set(name, service);
      continue;
    }
    problems.error(
      `Cannot use the device "${name}" for "${service.name}" as "${first.name}" has it`,
      { path: "", at },
    );
  }
}

function freeName(index: number, taken: ReadonlySet<string>): string {
  const name = `service-${index}`;
  return taken.has(name) ? freeName(index + 1, taken) : name;
}
