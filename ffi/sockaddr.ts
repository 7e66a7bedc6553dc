import { type Address, formatAddress } from "../src/wire/address.ts";

/** Where systems differ: in the number of AF_INET6, and in the octet of BSD's that says how long the structure is. */
export interface SockaddrForm {
  readonly inet6: number;
  readonly lengthFirst: boolean;
}

/** The same everywhere. */
export const AF_INET = 2;

/** Octets of the larger of the two structures. */
export const SOCKADDR_MAX = 28;

// netinet/in.h: struct sockaddr_in { family; port; addr; zero[8] }, struct sockaddr_in6 { family; port; flowinfo; addr; scope_id }
const PORT = 2;
const SIN_ADDR = 4;
const SIN_LENGTH = 16;
const SIN6_ADDR = 8;
const SIN6_SCOPE_ID = 24;
const SIN6_LENGTH = 28;

export interface SocketName {
  readonly address: Address;
  readonly port: number;
  /** The interface's index that a link-local IPv6 address needs. */
  readonly scope?: number;
}

export function encodeSockaddr(
  form: SockaddrForm,
  { address, port, scope = 0 }: SocketName,
): Uint8Array<ArrayBuffer> {
  const ipv4 = address.length === 4;
  const sockaddr = new Uint8Array(ipv4 ? SIN_LENGTH : SIN6_LENGTH);
  const view = new DataView(sockaddr.buffer);
  const family = ipv4 ? AF_INET : form.inet6;
  // All these systems are little endian: the family's octet comes first where there is no length.
  view.setUint8(0, form.lengthFirst ? sockaddr.length : family);
  view.setUint8(1, form.lengthFirst ? family : 0);
  view.setUint16(PORT, port);
  sockaddr.set(address, ipv4 ? SIN_ADDR : SIN6_ADDR);
  if (!ipv4) view.setUint32(SIN6_SCOPE_ID, scope, true);
  return sockaddr;
}

export function decodeSockaddr(
  form: SockaddrForm,
  sockaddr: Uint8Array,
): { readonly host: string; readonly port: number } {
  const view = new DataView(sockaddr.buffer, sockaddr.byteOffset);
  const ipv4 = view.getUint8(form.lengthFirst ? 1 : 0) === AF_INET;
  const host = ipv4
    ? formatAddress(sockaddr, SIN_ADDR, 4)
    : formatAddress(sockaddr, SIN6_ADDR, 16);
  return { host, port: view.getUint16(PORT) };
}
