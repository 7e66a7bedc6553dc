import { type Address, formatAddress } from "../src/wire/address.ts";

// sys/socket.h
export const AF_INET = 2;
export const AF_INET6 = 10;

/** Octets of the larger of the two structures. */
export const SOCKADDR_MAX = 28;

// netinet/in.h: struct sockaddr_in { family; port; addr; zero[8] }, struct sockaddr_in6 { family; port; flowinfo; addr; scope_id }
const FAMILY = 0;
const PORT = 2;
const SIN_ADDR = 4;
const SIN_LENGTH = 16;
const SIN6_ADDR = 8;
const SIN6_SCOPE_ID = 24;
const SIN6_LENGTH = 28;

/** `scope` is the interface's index that a link-local IPv6 address needs. */
export function encodeSockaddr(
  address: Address,
  port: number,
  scope: number = 0,
): Uint8Array<ArrayBuffer> {
  const ipv4 = address.length === 4;
  const sockaddr = new Uint8Array(ipv4 ? SIN_LENGTH : SIN6_LENGTH);
  const view = new DataView(sockaddr.buffer);
  view.setUint16(FAMILY, ipv4 ? AF_INET : AF_INET6, true);
  view.setUint16(PORT, port);
  sockaddr.set(address, ipv4 ? SIN_ADDR : SIN6_ADDR);
  if (!ipv4) view.setUint32(SIN6_SCOPE_ID, scope, true);
  return sockaddr;
}

export function decodeSockaddr(
  sockaddr: Uint8Array,
): { readonly host: string; readonly port: number } {
  const view = new DataView(sockaddr.buffer, sockaddr.byteOffset);
  const ipv4 = view.getUint16(FAMILY, true) === AF_INET;
  const host = ipv4
    ? formatAddress(sockaddr, SIN_ADDR, 4)
    : formatAddress(sockaddr, SIN6_ADDR, 16);
  return { host, port: view.getUint16(PORT) };
}
