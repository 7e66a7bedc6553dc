import {
  formatAddress,
  parsePrefix,
  type Prefix,
  prefixContains,
} from "../../wire/address.ts";
import type { DeviceConfig, DnsConfig } from "../schema.ts";
import type { Context } from "./context.ts";
import { withoutHostBits } from "./device.ts";
import type { Metadata } from "./metadata.ts";
import { decodeResolver } from "./resolver.ts";

/** Fewer addresses would stand for too few names. */
const LEAST_BITS = 8;

/** Our own keys: what becomes of questions to port 53. */
export function decodeDns(
  metadata: Metadata,
  context: Context,
): DnsConfig | undefined {
  const from = metadata.where(["dns.answer"]);
  const name = metadata.text(["dns.answer"]);
  const fakes = decodeFakes(metadata, context);
  if (name === "") {
    if (fakes.length > 0) {
      context.problems.error(
        "Cannot use dns.fake without dns.answer, the resolver for all else that is asked",
        metadata.where(["dns.fake"]),
      );
    }
    return undefined;
  }
  const resolver = decodeResolver(name, from, context);
  return resolver && { at: from.at, resolver, fakes };
}

/** At most one of each family. */
function decodeFakes(
  metadata: Metadata,
  { problems }: Context,
): readonly Prefix[] {
  const prefixes: Prefix[] = [];
  for (const { text, at } of metadata.texts(["dns.fake"])) {
    const prefix = parsePrefix(text);
    const bits = prefix && prefix.address.length * 8 - prefix.length;
    const isSecond = prefixes.some(({ address }) =>
      address.length === prefix?.address.length
    );
    if (prefix !== undefined && (bits ?? 0) >= LEAST_BITS && !isSecond) {
      prefixes.push(withoutHostBits(prefix));
      continue;
    }
    problems.error(
      `Cannot use "${text}" for dns.fake as it must be a prefix like 198.18.0.0/15, one of each family`,
      { path: metadata.where(["dns.fake"]).path, at },
    );
  }
  return prefixes;
}

/** The device with routes for the fake addresses, so that flows to them come in. */
export function withFakes(
  device: DeviceConfig,
  dns: DnsConfig | undefined,
  { problems }: Context,
): DeviceConfig {
  if (dns === undefined || dns.fakes.length === 0) return device;
  for (const { address } of device.addresses) {
    if (!dns.fakes.some((fake) => prefixContains(fake, address))) continue;
    problems.error(
      `Cannot use a prefix for dns.fake that has the device's own address ${
        formatAddress(address)
      }`,
      { path: "", at: dns.at },
    );
  }
  const routes = dns.fakes.map((destination) => ({
    at: dns.at,
    destination,
    gateway: undefined,
  }));
  return { ...device, routes: [...device.routes, ...routes] };
}
