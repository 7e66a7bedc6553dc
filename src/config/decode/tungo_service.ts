import type { TungoServiceConfig } from "../schema.ts";
import type { Context } from "./context.ts";
import { decodeDns, withFakes } from "./dns.ts";
import { decodeDevice } from "./device.ts";
import type { Metadata } from "./metadata.ts";
import { ignore } from "./section.ts";
import { decodeCommon, type ServiceParts } from "./service_parts.ts";
import { decodeSniffing } from "./sniffing.ts";

/** How long an idle UDP session lives, as in GOST. */
const UDP_TIMEOUT = 30_000;

/** More than the largest payload of a datagram. */
const MAX_UDP_BUFFER = 65_535;

export function decodeTungoService(
  parts: ServiceParts,
  name: string,
  context: Context,
): TungoServiceConfig {
  const { service, handler, listener, handlerMetadata: metadata } = parts;
  const { problems } = context;
  ignore(service, ["admission", "admissions", "forwarder"], problems);
  ignore(handler, ["auther", "authers", "auth"], problems);
  ignore(
    listener,
    ["chain", "chainGroup", "auther", "authers", "auth", "tls"],
    problems,
  );
  parts.serviceMetadata.ignore("proxyProtocol");
  ignoreTuning(metadata);
  metadata.refuse("multicastGroups", "tungo.multicastGroups");
  const dns = decodeDns(metadata, context);
  const device = decodeDevice(listener, parts.listenerMetadata, problems);
  return {
    type: "tungo",
    at: service.at,
    name,
    ...decodeCommon(parts, context),
    device: withFakes(device, dns, context),
    sniffing: decodeSniffing(metadata),
    dns,
    handshake: metadata.choice(
      ["handshake"],
      ["auto", "truthful", "eager"],
      "auto",
    ),
    icmp: metadata.choice(["icmp"], ["off", "gateway", "all"], "gateway"),
    udpTimeout: metadata.duration(
      ["udpTimeout", "tungo.udpTimeout"],
      UDP_TIMEOUT,
    ),
    udpBufferSize: metadata.integer(["udp.bufferSize", "udpBufferSize"], {
      fallback: MAX_UDP_BUFFER,
      max: MAX_UDP_BUFFER,
    }),
    ipv6: metadata.boolean(["ipv6"]),
  };
}

function ignoreTuning(metadata: Metadata): void {
  const keys = ["tcpSendBufferSize", "tcpReceiveBufferSize"];
  for (const key of [...keys, "tcpModerateReceiveBuffer"]) {
    metadata.ignore(key, `tungo.${key}`);
  }
}
