import type { Flow } from "../flow/flow.ts";
import type { ClientHello } from "../proto/tls_client_hello.ts";
import { sniffHttp } from "../proto/http_sniff.ts";
import { sniffClientHello } from "../proto/tls_client_hello.ts";

/** What a flow's first octets say of its destination. */
export interface FoundName {
  readonly name: string;
  /** Where it stands. */
  readonly by: "HTTP Host" | "TLS SNI" | "QUIC SNI";
  /** The port that GOST tests a service's bypass with in place of the destination's. */
  readonly port: number;
}

/** Undefined: whatever follows, the octets have none. */
export function nameInStream(
  octets: Uint8Array,
): FoundName | "more" | undefined {
  const http = sniffHttp(octets);
  if (typeof http === "object") {
    return { name: http.host, by: "HTTP Host", port: http.port ?? 80 };
  }
  const hello = sniffClientHello(octets);
  if (typeof hello === "object") return nameInHello(hello, "TLS SNI");
  return http === "more" || hello === "more" ? "more" : undefined;
}

export function nameInHello(
  { serverName: name }: ClientHello,
  by: FoundName["by"],
): FoundName | undefined {
  return name === undefined ? undefined : { name, by, port: 443 };
}

/** `flow` as rules and the way out see it from now on. */
export function named<F extends Flow>(
  flow: F,
  { name, by, port }: FoundName,
): F {
  flow.trace.push({ by: "sniff", what: name, because: by, name });
  return { ...flow, name, namePort: port };
}
