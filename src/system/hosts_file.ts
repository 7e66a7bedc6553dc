import { formatAddress, parseAddress } from "../wire/address.ts";

/** Addresses by name in lower case, as hosts(5) gives them, in its order; lines that make no sense are passed over. */
export function parseHostsFile(
  text: string,
): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [first = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    const address = parseAddress(first);
    if (address === undefined) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      const addresses = hosts.get(key) ?? [];
      addresses.push(formatAddress(address));
      hosts.set(key, addresses);
    }
  }
  return hosts;
}
