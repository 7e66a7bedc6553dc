import type { SniffingConfig } from "../schema.ts";
import type { Metadata } from "./metadata.ts";

/** How long a client's first octets are waited for. In GOST for ever, so that servers that speak first hang. */
const SNIFFING_TIMEOUT = 300;

export function decodeSniffing(metadata: Metadata): SniffingConfig {
  const tcp = metadata.boolean(["sniffing"]);
  metadata.ignore("sniffing.responseTimeout");
  return {
    tcp,
    udp: metadata.boolean(["sniffing.udp"], tcp),
    timeout: metadata.duration(["sniffing.timeout"], SNIFFING_TIMEOUT),
    fallback: metadata.boolean(["sniffing.fallback"]),
  };
}
