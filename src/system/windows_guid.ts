/** Octets of a GUID, as RFC 9562 §4 orders them; Windows keeps the first three fields in little endian. */
export type Guid = Uint8Array<ArrayBuffer>;

// FNV-1a, 32 bits.
const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * The GUID of the adapter with this name, always the same one: Windows keeps what it knows of an adapter (network profile,
 * nameservers) under its GUID, and would begin a new "Network 17" at each start. RFC 9562 §5.8: our own way to make one.
 */
export function windowsGuid(name: string): Guid {
  const guid = new Uint8Array(16);
  const view = new DataView(guid.buffer);
  for (let part = 0; part < 4; part++) {
    view.setUint32(part * 4, hash(`tungo ${part} ${name}`));
  }
  view.setUint8(6, 0x80 | (view.getUint8(6) & 0x0f));
  view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f));
  return guid;
}

/** "{6BA7B810-9DAD-81D1-80B4-00C04FD430C8}" */
export function formatGuid(guid: Guid): string {
  const digits = [...guid].map((octet) => octet.toString(16).padStart(2, "0"))
    .join("").toUpperCase();
  const parts = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(digits)?.slice(1);
  return `{${parts?.join("-")}}`;
}

function hash(text: string): number {
  return new TextEncoder().encode(text).reduce(
    (sum, octet) => Math.imul(sum ^ octet, PRIME),
    OFFSET,
  );
}
