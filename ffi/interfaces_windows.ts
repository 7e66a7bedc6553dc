import type { Address } from "../src/wire/address.ts";
import { parseAddress } from "../src/wire/address.ts";
import type { RouteEntry } from "../src/system/routes.ts";
import {
  type InterfaceFacts,
  parseForwardRows,
} from "../src/system/windows_routes.ts";
import {
  AF_INET6,
  FIXED_INFO,
  FORWARD_TABLE,
  IF_MAX_STRING_SIZE,
  INTERFACE_ROW,
  IP_ADDR_STRING,
} from "./constants_windows.ts";
import { int32 } from "./libc.ts";
import { AF_INET } from "./sockaddr.ts";
import { readWideString, wideString, type Windows } from "./windows.ts";

/** Of an interface by its name, or by the number itself; 0 where there is none. */
export function interfaceIndex(device: string, lib: Windows): number {
  if (/^[1-9]\d{0,8}$/.test(device)) return Number(device);
  const luid = new Uint8Array(8);
  const index = new DataView(new ArrayBuffer(4));
  const found =
    lib.ConvertInterfaceAliasToLuid(wideString(device), luid) === 0 &&
    lib.ConvertInterfaceLuidToIndex(luid, new Uint8Array(index.buffer)) === 0;
  return found ? index.getUint32(0, true) : 0;
}

export function readRoutes(
  addressLength: 4 | 16,
  lib: Windows,
): readonly RouteEntry[] {
  const family = addressLength === 4 ? AF_INET : AF_INET6;
  const address = new BigUint64Array(1);
  const result = lib.GetIpForwardTable2(
    family,
    new Uint8Array(address.buffer),
  );
  const table = Deno.UnsafePointer.create(address[0] ?? 0n);
  if (result !== 0 || table === null) return [];
  const { count, rows, rowSize } = FORWARD_TABLE;
  const view = new Deno.UnsafePointerView(table);
  const octets = new Uint8Array(view.getUint32(count) * rowSize);
  view.copyInto(octets, rows);
  lib.FreeMibTable(table);
  const known = new Map<bigint, InterfaceFacts | undefined>();
  return parseForwardRows(octets, (luid) => {
    if (!known.has(luid)) known.set(luid, interfaceFacts(luid, family, lib));
    return known.get(luid);
  });
}

/** The servers that the system asks, of IPv4 alone: of IPv6 it always lists three site-local ones that nobody has. */
export function readNameservers(lib: Windows): readonly Address[] {
  const length = int32(FIXED_INFO.size);
  let info = new Uint8Array(FIXED_INFO.size);
  if (lib.GetNetworkParams(info, length) !== 0) {
    // The list is longer than one: the system has said how much room it needs.
    const needed = new DataView(length.buffer).getUint32(0, true);
    info = new Uint8Array(needed);
    if (lib.GetNetworkParams(info, length) !== 0) return [];
  }
  const servers: Address[] = [];
  let entry: Uint8Array | undefined = info.subarray(FIXED_INFO.servers);
  while (entry !== undefined) {
    const end = IP_ADDR_STRING.address + IP_ADDR_STRING.addressSize;
    const text = new TextDecoder().decode(
      entry.subarray(IP_ADDR_STRING.address, end),
    );
    const address = parseAddress(text.replace(/\0[^]*/, ""));
    if (address !== undefined) servers.push(address);
    entry = nextEntry(entry);
  }
  return servers;
}

/** The next one lies in the same buffer, at an address that the system has written. */
function nextEntry(entry: Uint8Array): Uint8Array | undefined {
  const view = new DataView(entry.buffer, entry.byteOffset);
  const pointer = Deno.UnsafePointer.create(
    view.getBigUint64(IP_ADDR_STRING.next, true),
  );
  if (pointer === null) return undefined;
  const next = new Uint8Array(IP_ADDR_STRING.size);
  Deno.UnsafePointerView.copyInto(pointer, next);
  return next;
}

/** Whether a family has the interface already, which it gets some time after the adapter is there. */
export function hasIpv4(luid: bigint, lib: Windows): boolean {
  // Where nobody can be asked there is nothing to wait for.
  return lib.GetIpInterfaceEntry === null ||
    interfaceMetric(luid, AF_INET, lib) !== undefined;
}

function interfaceMetric(
  luid: bigint,
  family: number,
  lib: Windows,
): number | undefined {
  const row = new DataView(new ArrayBuffer(INTERFACE_ROW.size));
  row.setUint16(INTERFACE_ROW.family, family, true);
  row.setBigUint64(INTERFACE_ROW.luid, luid, true);
  const octets = new Uint8Array(row.buffer);
  return lib.GetIpInterfaceEntry?.(octets) === 0
    ? row.getUint32(INTERFACE_ROW.metric, true)
    : undefined;
}

function interfaceFacts(
  luid: bigint,
  family: number,
  lib: Windows,
): InterfaceFacts | undefined {
  const number = new Uint8Array(new BigUint64Array([luid]).buffer);
  const alias = new Uint8Array(2 * (IF_MAX_STRING_SIZE + 1));
  const length = IF_MAX_STRING_SIZE + 1;
  if (lib.ConvertInterfaceLuidToAlias(number, alias, length) !== 0) {
    return undefined;
  }
  const metric = interfaceMetric(luid, family, lib) ?? 0;
  return { name: readWideString(alias), metric };
}
