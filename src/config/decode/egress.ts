import type { EgressConfig, InterfaceConfig } from "../chain_schema.ts";
import type { Metadata } from "./metadata.ts";
import { child, integer, type Section, text } from "./section.ts";

/** SO_MARK has 32 bits. */
const MAX_MARK = 0xffff_ffff;

/** `interface` and `so_mark` of the metadata, even if empty, or else the deprecated fields, or else those of `outer`. */
export function decodeEgress(
  section: Section,
  metadata: Metadata,
  outer: EgressConfig,
): EgressConfig {
  const deprecated = text(section, "interface");
  const interfaces = metadata.entry(["interface"]) !== undefined
    ? metadata.texts(["interface"]).map(({ text }) => parseInterface(text))
    : deprecated !== ""
    ? deprecated.split(",").map((item) => parseInterface(item.trim()))
    : outer.interfaces;
  const deprecatedMark = integer(child(section, "sockopts"), "mark");
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
  const strict = text.endsWith("!");
  return { name: strict ? text.slice(0, -1).trim() : text, strict };
}
