import type { EgressConfig, InterfaceConfig } from "../chain_schema.ts";
import type { Problems } from "../problems.ts";
import type { Metadata } from "./metadata.ts";
import { child, integer, place, type Section, text } from "./section.ts";

/** Of an object that inherits nothing. */
export const NO_EGRESS: EgressConfig = { interfaces: [], mark: undefined };

/** SO_MARK has 32 bits. */
const MAX_MARK = 0xffff_ffff;

/** `interface` and `so_mark` of the metadata, even if empty, or else the deprecated fields, or else those of `outer`. */
export function decodeEgress(
  section: Section,
  metadata: Metadata,
  { outer, problems }: {
    readonly outer: EgressConfig;
    readonly problems: Problems;
  },
): EgressConfig {
  const deprecated = text(section, "interface");
  const interfaces = metadata.entry(["interface"]) !== undefined
    ? metadata.texts(["interface"]).map(({ text }) => parseInterface(text))
    : deprecated !== ""
    ? deprecated.split(",").map((item) => parseInterface(item))
    : outer.interfaces;
  const sockopts = child(section, "sockopts");
  const deprecatedMark = integer(sockopts, "mark");
  if (deprecatedMark > MAX_MARK) {
    problems.error(
      `Cannot use ${deprecatedMark} for mark as it must be 1 to ${MAX_MARK}`,
      place(sockopts, "mark"),
    );
  }
  const mark = metadata.entry(["so_mark"]) !== undefined
    ? metadata.integer(["so_mark"], { fallback: 0, max: MAX_MARK })
    : deprecatedMark > 0
    ? deprecatedMark
    : outer.mark ?? 0;
  return {
    interfaces: interfaces.filter(({ name }) => name !== ""),
    mark: mark > 0 ? mark : undefined,
  };
}

/** A trailing "!" forbids to go on to the next one. */
function parseInterface(text: string): InterfaceConfig {
  const trimmed = text.trim();
  const strict = trimmed.endsWith("!");
  return { name: strict ? trimmed.slice(0, -1).trim() : trimmed, strict };
}
