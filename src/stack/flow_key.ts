import { formatAddress } from "../wire/address.ts";
import type { IpHeader } from "../wire/ip_header.ts";

/**
 * The 5-tuple less its protocol as nine words: remote address, local address (four words each, IPv4 as `::ffff:a.b.c.d`),
 * remote port in the upper half of the last word, local port in the lower. "Remote" is the application, "local" the address
 * that it chose and that the stack answers for.
 */
export type FlowKey = Int32Array;

export const KEY_WORDS = 9;

const REMOTE = 0;
const LOCAL = 4;
const PORTS = 8;
const MAPPED = 0xffff;

export function createFlowKey(): FlowKey {
  return new Int32Array(KEY_WORDS);
}

/** Fills `key` from a packet that came from the application. */
export function readFlowKey(
  key: FlowKey,
  view: DataView,
  ip: Pick<IpHeader, "addressLength" | "source" | "destination">,
  remotePort: number,
  localPort: number,
): void {
  if (ip.addressLength === 4) {
    key[0] =
      key[1] =
      key[4] =
      key[5] =
        0;
    key[2] = key[6] = MAPPED;
    key[3] = view.getInt32(ip.source);
    key[7] = view.getInt32(ip.destination);
  } else {
    for (let i = 0; i < 4; i++) {
      key[REMOTE + i] = view.getInt32(ip.source + 4 * i);
      key[LOCAL + i] = view.getInt32(ip.destination + 4 * i);
    }
  }
  key[PORTS] = (remotePort << 16) | localPort;
}

/** A key for a flow that we open. Addresses are of one family. */
export function makeFlowKey(
  remote: { readonly address: Uint8Array; readonly port: number },
  local: { readonly address: Uint8Array; readonly port: number },
): FlowKey {
  const key = createFlowKey();
  readAddress(key, REMOTE, remote.address);
  readAddress(key, LOCAL, local.address);
  key[PORTS] = (remote.port << 16) | local.port;
  return key;
}

export function sameKey(a: FlowKey, b: FlowKey): boolean {
  for (let i = KEY_WORDS - 1; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}

/** Whether both ends are the same: what a LAND attack sends. */
export function sameEnds(key: FlowKey): boolean {
  for (let i = 0; i < 4; i++) {
    if (key[REMOTE + i] !== key[LOCAL + i]) return false;
  }
  return remotePort(key) === localPort(key);
}

export function isIpv4(key: FlowKey): boolean {
  return key[2] === MAPPED && key[0] === 0 && key[1] === 0;
}

export function remotePort(key: FlowKey): number {
  return word(key, PORTS) >>> 16;
}

export function localPort(key: FlowKey): number {
  return word(key, PORTS) & 0xffff;
}

/** An address as `wire/address.ts` formats it, and a port. */
export interface KeyEnd {
  readonly host: string;
  readonly port: number;
}

export function remoteEndpoint(key: FlowKey): KeyEnd {
  return { host: host(key, REMOTE), port: remotePort(key) };
}

export function localEndpoint(key: FlowKey): KeyEnd {
  return { host: host(key, LOCAL), port: localPort(key) };
}

/** Writes local and remote address one behind the other: source and destination of a packet to the application. */
export function putAddresses(
  key: FlowKey,
  view: DataView,
  offset: number,
): void {
  const length = isIpv4(key) ? 4 : 16;
  writeAddress(key, LOCAL, view, offset);
  writeAddress(key, REMOTE, view, offset + length);
}

/** Like `putAddresses`, as a packet from the application has them. */
export function putRequestAddresses(
  key: FlowKey,
  view: DataView,
  offset: number,
): void {
  const length = isIpv4(key) ? 4 : 16;
  writeAddress(key, REMOTE, view, offset);
  writeAddress(key, LOCAL, view, offset + length);
}

/** The same for all flows of one remote address; unevenly spread where the addresses are chosen for it. */
export function remoteHash(key: FlowKey): number {
  let hash = 0;
  for (let i = 0; i < 4; i++) {
    hash = Math.imul(hash ^ word(key, REMOTE + i), 0x9e37_79b1);
    hash ^= hash >>> 15;
  }
  return hash;
}

function writeAddress(
  key: FlowKey,
  at: number,
  view: DataView,
  offset: number,
): void {
  if (isIpv4(key)) {
    view.setInt32(offset, word(key, at + 3));
    return;
  }
  for (let i = 0; i < 4; i++) view.setInt32(offset + 4 * i, word(key, at + i));
}

function word(key: FlowKey, index: number): number {
  return key[index] ?? 0;
}

function host(key: FlowKey, at: number): string {
  const octets = new Uint8Array(16);
  const view = new DataView(octets.buffer);
  for (let i = 0; i < 4; i++) view.setInt32(4 * i, word(key, at + i));
  return isIpv4(key) ? formatAddress(octets, 12, 4) : formatAddress(octets);
}

function readAddress(key: FlowKey, at: number, address: Uint8Array): void {
  const view = new DataView(
    address.buffer,
    address.byteOffset,
    address.byteLength,
  );
  if (address.length === 4) {
    key[at + 2] = MAPPED;
    key[at + 3] = view.getInt32(0);
  } else {
    for (let i = 0; i < 4; i++) key[at + i] = view.getInt32(4 * i);
  }
}
