/**
 * Takes out of a macOS program what `deno compile` has put in. For arm64 that is a segment of its own, in front of __LINKEDIT; for
 * x86-64 the end of the table of strings, behind a mark. What the signature says is wrong afterwards: `deno compile` makes a new
 * one.
 */

// mach-o/loader.h: struct mach_header_64, struct load_command { uint32_t cmd, cmdsize; }
const HEADER = { size: 32, commands: 16, commandsSize: 20 } as const;
const LC_SYMTAB = 0x2;
const LC_DYSYMTAB = 0xb;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const LC_DYLD_INFO_ONLY = 0x80000022;
const LC_FUNCTION_STARTS = 0x26;
const LC_DATA_IN_CODE = 0x29;

/** struct segment_command_64 { cmd, cmdsize, segname[16], vmaddr, vmsize, fileoff, filesize, … } */
const SEGMENT = {
  ...{ name: 8, nameSize: 16, address: 24, memory: 32, offset: 40, size: 48 },
} as const;
/** struct symtab_command { cmd, cmdsize, symoff, nsyms, stroff, strsize } */
const SYMTAB = { strings: 16, stringsSize: 20 } as const;

/** Where each command has offsets into the file, all of them behind what is taken out. */
const OFFSETS: Readonly<Record<number, readonly number[]>> = {
  [LC_SYMTAB]: [8, 16],
  [LC_DYSYMTAB]: [32, 40, 48, 56, 64, 72],
  [LC_DYLD_INFO_ONLY]: [8, 16, 24, 32, 40],
  [LC_FUNCTION_STARTS]: [8],
  [LC_DATA_IN_CODE]: [8],
  [LC_CODE_SIGNATURE]: [8],
};

const MARK = new TextEncoder().encode("<~sui-data~>");

interface Command {
  readonly at: number;
  readonly kind: number;
  readonly size: number;
}

/** Undefined where nothing is found that was put in. */
export function withoutMachOPayload(
  program: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> | undefined {
  const octets = program.slice();
  const view = new DataView(octets.buffer);
  const commands = readCommands(view);
  const added = commands.find(({ at, kind }) =>
    kind === LC_SEGMENT_64 && segmentName(octets, at) === "__SUI"
  );
  return added === undefined
    ? cutStrings(octets, commands)
    : removeSegment(octets, added, commands);
}

function removeSegment(
  octets: Uint8Array<ArrayBuffer>,
  added: Command,
  commands: readonly Command[],
): Uint8Array<ArrayBuffer> {
  const view = new DataView(octets.buffer);
  const start = Number(view.getBigUint64(added.at + SEGMENT.offset, true));
  const size = Number(view.getBigUint64(added.at + SEGMENT.size, true));
  const memory = view.getBigUint64(added.at + SEGMENT.memory, true);
  for (const { at, kind } of commands) {
    for (const field of OFFSETS[kind] ?? []) {
      const offset = view.getUint32(at + field, true);
      if (offset > start) view.setUint32(at + field, offset - size, true);
    }
    if (kind === LC_SEGMENT_64 && segmentName(octets, at) === "__LINKEDIT") {
      subtract(view, at + SEGMENT.address, memory);
      subtract(view, at + SEGMENT.offset, BigInt(size));
    }
  }
  const end = HEADER.size + view.getUint32(HEADER.commandsSize, true);
  octets.copyWithin(added.at, added.at + added.size, end);
  octets.fill(0, end - added.size, end);
  dropCommand(view, added.size);
  const rest = octets.slice(start + size);
  octets.set(rest, start);
  return octets.subarray(0, start + rest.length);
}

/** The signature behind the strings goes with them, and so does its command, which is the last one. */
function cutStrings(
  octets: Uint8Array<ArrayBuffer>,
  commands: readonly Command[],
): Uint8Array<ArrayBuffer> | undefined {
  const view = new DataView(octets.buffer);
  const symbols = commands.find(({ kind }) => kind === LC_SYMTAB);
  const linkedit = commands.find(({ at, kind }) =>
    kind === LC_SEGMENT_64 && segmentName(octets, at) === "__LINKEDIT"
  );
  const signature = commands.at(-1);
  if (
    symbols === undefined || linkedit === undefined ||
    signature?.kind !== LC_CODE_SIGNATURE
  ) return undefined;
  const strings = view.getUint32(symbols.at + SYMTAB.strings, true);
  const mark = find(octets, MARK, strings);
  if (mark === undefined) return undefined;
  // It begins at two octets behind a multiple of 8, as does what the linker has made.
  const end = mark & ~7;
  const start = Number(view.getBigUint64(linkedit.at + SEGMENT.offset, true));
  view.setUint32(symbols.at + SYMTAB.stringsSize, end - strings, true);
  const size = BigInt(end - start);
  view.setBigUint64(linkedit.at + SEGMENT.size, size, true);
  view.setBigUint64(
    linkedit.at + SEGMENT.memory,
    size + 0xfffn & ~0xfffn,
    true,
  );
  octets.fill(0, signature.at, signature.at + signature.size);
  dropCommand(view, signature.size);
  return octets.subarray(0, end);
}

function readCommands(view: DataView): Command[] {
  const commands: Command[] = [];
  let at = HEADER.size;
  for (let i = view.getUint32(HEADER.commands, true); i > 0; i--) {
    const size = view.getUint32(at + 4, true);
    commands.push({ at, kind: view.getUint32(at, true), size });
    at += size;
  }
  return commands;
}

function dropCommand(view: DataView, size: number): void {
  const commands = view.getUint32(HEADER.commands, true) - 1;
  const octets = view.getUint32(HEADER.commandsSize, true) - size;
  view.setUint32(HEADER.commands, commands, true);
  view.setUint32(HEADER.commandsSize, octets, true);
}

function segmentName(octets: Uint8Array, at: number): string {
  const from = at + SEGMENT.name;
  const name = octets.subarray(from, from + SEGMENT.nameSize);
  return new TextDecoder().decode(name).replace(/\0+$/, "");
}

function subtract(view: DataView, at: number, value: bigint): void {
  view.setBigUint64(at, view.getBigUint64(at, true) - value, true);
}

function find(
  octets: Uint8Array,
  wanted: Uint8Array,
  from: number,
): number | undefined {
  const [first = 0] = wanted;
  for (
    let at = octets.indexOf(first, from);
    at >= 0;
    at = octets.indexOf(first, at + 1)
  ) {
    if (wanted.every((octet, i) => octets[at + i] === octet)) return at;
  }
  return undefined;
}
