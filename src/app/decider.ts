import { assert } from "../base/assert.ts";
import { ConfigError, DialError, formatPosition } from "../base/errors.ts";
import type {
  Config,
  ServiceConfig,
  TungoServiceConfig,
} from "../config/schema.ts";
import {
  type Decider,
  type Question,
  UNKNOWN_ADDRESS,
  type Way,
} from "../control/decision.ts";
import type { Endpoint, Flow, Step } from "../flow/flow.ts";
import { ANSWERED } from "../middleware/answer.ts";
import { formatEgress } from "../outbound/direct.ts";
import { endpointFor } from "../outbound/endpoint_for.ts";
import {
  encodeClientHello,
  encodeQuicHello,
} from "../proto/encode_client_hello.ts";
import { formatAddress, parseAddress } from "../wire/address.ts";
import { type AppOptions, buildContext } from "./app.ts";
import { askName } from "./ask_name.ts";
import { nobody, SILENT_CHANNEL, streamSaying } from "./silent_application.ts";
import {
  buildPipeline,
  type Pipeline,
  pipelineOf,
  type Rehearsed,
} from "./pipeline.ts";

/** Where HTTP without TLS is spoken; elsewhere a name is said in a ClientHello. */
const HTTP_PORT = 80;
const DNS_PORT = 53;

/** Where nobody has said which port is meant. */
const EPHEMERAL_PORT = 49_152;

/**
 * Asks the services of a configuration what they would do, by the pipelines that their flows run through. Nothing is started
 * and nothing is sent. Rejects with a ConfigError.
 */
export async function buildDecider(options: AppOptions): Promise<Decider> {
  const { config, platform } = options;
  const context = buildContext({
    ...options,
    platform: {
      ...platform,
      openSocket: () => Promise.reject(nothingIsSent()),
      openUdp: () => {
        throw nothingIsSent();
      },
    },
  });
  const pipelines = new Map<ServiceConfig, Pipeline>();
  for (const service of config.services) {
    pipelines.set(service, await buildPipeline(pipelineOf(service), context));
  }
  return async (question) => {
    const service = findService(config, question.service);
    const pipeline = pipelines.get(service);
    assert(pipeline !== undefined, "each service has a pipeline");
    const flow = await flowOf(question, service, pipeline);
    const rehearsed = await pipeline.rehearse(flow);
    const answered = rehearsed.via === ANSWERED;
    return { service, steps: flow.trace, way: wayOf(rehearsed), answered };
  };
}

function nothingIsSent(): DialError {
  return new DialError("unreachable", "Nothing is sent to decide");
}

function findService(
  { services }: Config,
  name: string | undefined,
): ServiceConfig {
  const [first] = services;
  const found = name === undefined
    ? services.find(({ type }) => type === "tungo") ?? first
    : services.find((service) => service.name === name);
  if (found !== undefined) return found;
  const all = services.map(({ name }) => name).join(", ");
  const at = { file: "--service", line: 0, column: 0 };
  const message = `Cannot find the service "${name}": there is ${all}`;
  throw new ConfigError(message, "", at);
}

/** The flow's application says its name and nothing else. */
async function flowOf(
  { protocol, to, says }: Question,
  service: ServiceConfig,
  pipeline: Pipeline,
): Promise<Flow> {
  const isName = parseAddress(to.host) === undefined;
  const name = says ?? (isName ? to.host : undefined);
  const src = sourceOf(service);
  // Clients of a far end ask by name, applications before a device have resolved it.
  const resolved = isName && service.type === "tungo"
    ? await resolve(to.host, { service, pipeline, src })
    : { host: to.host };
  const { host, step, called } = resolved;
  const application = nobody();
  if (step !== undefined) application.trace.push(step);
  const base = {
    ...{ id: 0, src, dst: { ...to, host }, ...application },
    ...(called === undefined ? {} : { called }),
  };
  if (protocol === "udp") {
    return {
      ...base,
      protocol,
      first: firstDatagram(name, to),
      accept: () => Promise.resolve(SILENT_CHANNEL),
    };
  }
  const stream = streamSaying(firstOctets(name, to));
  return { ...base, protocol, accept: () => Promise.resolve(stream) };
}

interface Resolved {
  readonly host: string;
  readonly step?: Step;
  readonly called?: string;
}

/** What an application has for an address when it asks the nameservers behind the device, which tell the name to who listens. */
async function resolve(
  name: string,
  { service: { dns, device }, pipeline, src }: {
    readonly service: TungoServiceConfig;
    readonly pipeline: Pipeline;
    readonly src: Endpoint;
  },
): Promise<Resolved> {
  if (dns !== undefined) {
    const nameserver = { host: UNKNOWN_ADDRESS, port: DNS_PORT };
    const host = await askName(pipeline, name, { src, nameserver });
    const because = `the answer for ${name}, ${formatPosition(dns.at)}`;
    if (host !== undefined) {
      return { host, step: { by: "dns.answer", what: host, because } };
    }
  } else if (device.dns.length === 0) return { host: UNKNOWN_ADDRESS };
  const at = formatPosition(dns === undefined ? device.at : dns.at);
  const because = `an answer of nameservers behind the device, ${at}`;
  const step = { by: "dns", what: name, because };
  return { host: UNKNOWN_ADDRESS, step, called: name };
}

function sourceOf(service: ServiceConfig): Endpoint {
  const [first] = service.type === "tungo" ? service.device.addresses : [];
  const host = first === undefined ? "0.0.0.0" : formatAddress(first.address);
  return { host, port: EPHEMERAL_PORT };
}

/** Of protocols over UDP only QUIC says whom it is for, and not where nameservers are. */
function firstDatagram(
  name: string | undefined,
  { port }: Endpoint,
): Uint8Array {
  return name === undefined || port === DNS_PORT
    ? Uint8Array.of(0)
    : encodeQuicHello(name);
}

function firstOctets(name: string | undefined, { port }: Endpoint): Uint8Array {
  if (name === undefined) return new Uint8Array(0);
  return port === HTTP_PORT
    ? new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`)
    : encodeClientHello(name);
}

function wayOf({ route, flow }: Rehearsed): Way | undefined {
  if (route === undefined) return undefined;
  const { dst, addresses } = flow;
  const [first] = route.nodes;
  const near = first?.host ?? addresses?.[0] ?? dst.host;
  return {
    nodes: route.nodes.map(({ name, way, at }) => ({
      name,
      way,
      at: formatPosition(at),
    })),
    interfaces: route.egress(near).map(formatEgress),
    // A node that is another machine resolves names itself.
    target: route.nodes.at(-1)?.host === undefined
      ? { host: addresses?.[0] ?? dst.host, port: dst.port }
      : endpointFor(flow),
  };
}
