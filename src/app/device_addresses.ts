import { type Address, formatAddress, type Prefix } from "../wire/address.ts";

/** The address in `prefix` that stands for the other side: the first one that is not our own. */
export function gatewayIn({ address, length }: Prefix): Address | undefined {
  const bits = address.length * 8;
  if (bits - length < 2) return undefined;
  for (let host = 1; host <= 2; host++) {
    const candidate = address.map((octet, i) => {
      const kept = Math.min(8, Math.max(0, length - 8 * i));
      return octet & (0xff00 >> kept);
    });
    candidate[candidate.length - 1] = (candidate.at(-1) ?? 0) | host;
    if (formatAddress(candidate) !== formatAddress(address)) return candidate;
  }
  return undefined;
}

/** The directed broadcast address of an IPv4 prefix as a signed 32-bit integer; undefined where there is none. */
export function broadcastOf({ address, length }: Prefix): number | undefined {
  if (address.length !== 4 || length > 30) return undefined;
  const view = new DataView(
    address.buffer,
    address.byteOffset,
    address.byteLength,
  );
  return view.getInt32(0) | (length === 0 ? -1 : (1 << (32 - length)) - 1);
}
