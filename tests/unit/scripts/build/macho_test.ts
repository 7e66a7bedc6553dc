import { assert, assertEquals } from "@std/assert";
import { withoutMachOPayload } from "../../../../scripts/build/macho.ts";

const HEADER = 32;
const SEGMENT = 72;

/** A `struct segment_command_64` without sections. */
function segment(
  name: string,
  { address, memory, offset, size }: {
    readonly address: number;
    readonly memory: number;
    readonly offset: number;
    readonly size: number;
  },
): Uint8Array {
  const view = new DataView(new ArrayBuffer(SEGMENT));
  view.setUint32(0, 0x19, true);
  view.setUint32(4, SEGMENT, true);
  const octets = new Uint8Array(view.buffer);
  octets.set(new TextEncoder().encode(name), 8);
  for (const [i, value] of [address, memory, offset, size].entries()) {
    view.setBigUint64(24 + 8 * i, BigInt(value), true);
  }
  return octets;
}

/** A command of 32-bit fields. */
function command(kind: number, ...fields: number[]): Uint8Array {
  const size = 8 + 4 * fields.length;
  return new Uint8Array(Uint32Array.of(kind, size, ...fields).buffer);
}

/** A header, its commands, and what follows from the octet 512 on. */
function program(
  commands: readonly Uint8Array[],
  ...parts: string[]
): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(parts.join(""));
  const octets = new Uint8Array(512 + text.length);
  const view = new DataView(octets.buffer);
  view.setUint32(0, 0xfeedfacf, true);
  view.setUint32(16, commands.length, true);
  let at = HEADER;
  for (const command of commands) {
    octets.set(command, at);
    at += command.length;
  }
  view.setUint32(20, at - HEADER, true);
  octets.set(text, 512);
  return octets;
}

Deno.test("withoutMachOPayload takes the segment out that was put in for arm64", () => {
  const text = { address: 0, memory: 4096, offset: 0, size: 512 };
  const linkedit = { memory: 4096, size: 12 };
  const before = program(
    [
      segment("__TEXT", text),
      segment("__LINKEDIT", { address: 4096, offset: 512, ...linkedit }),
      command(0x2, 514, 1, 518, 6),
    ],
    "..symbstrngs",
  );
  const after = program(
    [
      segment("__TEXT", text),
      segment("__SUI", { address: 4096, memory: 8192, offset: 512, size: 16 }),
      segment("__LINKEDIT", { address: 12288, offset: 528, ...linkedit }),
      command(0x2, 530, 1, 534, 6),
    ],
    "our own program!",
    "..symbstrngs",
  );
  assertEquals(withoutMachOPayload(after), before);
});

Deno.test("withoutMachOPayload cuts the strings that were added for x86-64, and the signature", () => {
  const linkedit = { address: 4096, memory: 4096, offset: 512 };
  const strings = "symbols.strings.";
  const after = program(
    [
      segment("__LINKEDIT", { ...linkedit, size: 60 }),
      command(0x2, 512, 1, 520, 38),
      command(0x1d, 558, 14),
    ],
    ...[strings, "\0\0<~sui-data~>our program", "the signature."],
  );
  const before = program(
    [
      segment("__LINKEDIT", { ...linkedit, size: 16 }),
      command(0x2, 512, 1, 520, 8),
    ],
    strings,
  );
  const cut = withoutMachOPayload(after);
  assert(cut);
  assertEquals(cut, before);
});

Deno.test("withoutMachOPayload finds nothing in a program that has nothing added", () => {
  const linkedit = { address: 4096, memory: 4096, offset: 512, size: 8 };
  const commands = [
    segment("__LINKEDIT", linkedit),
    command(0x2, 512, 1, 516, 4),
  ];
  assertEquals(withoutMachOPayload(program(commands, "symbstrs")), undefined);
});
