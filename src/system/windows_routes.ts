import { type Address, formatAddress } from "../wire/address.ts";
import type { RouteEntry } from "./routes.ts";

/**
 * netioapi.h: MIB_IPFORWARD_ROW2 { NET_LUID InterfaceLuid; NET_IFINDEX InterfaceIndex; IP_ADDRESS_PREFIX DestinationPrefix;
 * SOCKADDR_INET NextHop; UCHAR SitePrefixLength; ULONG ValidLifetime, PreferredLifetime, Metric; … }
 */
const ROW = {
  ...{ size: 104, luid: 0, destination: 12, length: 40, nextHop: 44 },
  metric: 84,
} as const;

// ws2ipdef.h: SOCKADDR_INET { u16 family; u16 port; … }, with IPv4's address at 4 and IPv6's at 8.
const AF_INET = 2;
const AF_INET6 = 23;

export interface InterfaceFacts {
  readonly name: string;
  /** Counts on top of that of each of its routes. */
  readonly metric: number;
}

/** The rows that GetIpForwardTable2 answers. `factsOf` knows interfaces by their LUID. */
export function parseForwardRows(
  rows: Uint8Array,
  factsOf: (luid: bigint) => InterfaceFacts | undefined,
): RouteEntry[] {
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  const routes: RouteEntry[] = [];
  for (let at = 0; at + ROW.size <= rows.length; at += ROW.size) {
    const facts = factsOf(view.getBigUint64(at + ROW.luid, true));
    const address = addressAt(rows, at + ROW.destination);
    if (facts === undefined || address === undefined) continue;
    const length = Math.min(
      view.getUint8(at + ROW.length),
      address.length * 8,
    );
    const nextHop = addressAt(rows, at + ROW.nextHop);
    const gateway = nextHop?.some((octet) => octet !== 0)
      ? formatAddress(nextHop)
      : undefined;
    routes.push({
      prefix: { address, length },
      ...(gateway === undefined ? {} : { gateway }),
      interface: facts.name,
      metric: view.getUint32(at + ROW.metric, true) + facts.metric,
    });
  }
  return routes;
}

function addressAt(octets: Uint8Array, at: number): Address | undefined {
  switch (octets[at]) {
    case AF_INET:
      return octets.slice(at + 4, at + 8);
    case AF_INET6:
      return octets.slice(at + 8, at + 24);
    default:
      return undefined;
  }
}
