import type {
  EgressConfig,
  InterfaceConfig,
  NetnsConfig,
} from "../chain_schema.ts";
import type { Problems } from "../problems.ts";
import type { Metadata } from "./metadata.ts";
import { child, integer, place, type Section, text } from "./section.ts";

/** Of an object that inherits nothing. */
export const NO_EGRESS: EgressConfig = {
  interfaces: [],
  mark: undefined,
  netns: undefined,
};

/** For what is asked on the way, which another namespace may know nothing of: from here, where `egress` leads elsewhere. */
export function egressFromHere(egress: EgressConfig): EgressConfig {
  return egress.netns === undefined ? egress : NO_EGRESS;
}

/** SO_MARK has 32 bits. */
const MAX_MARK = 0xffff_ffff;

export interface EgressOptions {
  readonly outer: EgressConfig;
  /** Of a service `netns` is where it listens. */
  readonly netnsKey: "netns" | "netns.out";
  readonly problems: Problems;
}

/** `interface`, `so_mark` and the namespace of the metadata, even if empty, or else the deprecated fields, or else those of `outer`. */
export function decodeEgress(
  section: Section,
  metadata: Metadata,
  { outer, netnsKey, problems }: EgressOptions,
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
  const netns = decodeNetns(section, metadata, { outer, netnsKey, problems });
  if (netns !== undefined && interfaces.some(({ name }) => name === "auto")) {
    problems.error(
      `Cannot use "auto" for interface in the network namespace "${netns.name}": name one of its interfaces, or none`,
      netns,
    );
  }
  return {
    interfaces: interfaces.filter(({ name }) => name !== ""),
    mark: mark > 0 ? mark : undefined,
    netns,
  };
}

function decodeNetns(
  section: Section,
  metadata: Metadata,
  { outer, netnsKey, problems }: EgressOptions,
): NetnsConfig | undefined {
  const entry = metadata.entry([netnsKey]);
  const deprecated = text(section, "netns");
  if (entry === undefined && deprecated === "") return outer.netns;
  const name = entry === undefined ? deprecated : metadata.text([netnsKey]);
  if (name === "") return undefined;
  const where = entry === undefined
    ? place(section, "netns")
    : metadata.place(entry);
  if (!name.startsWith("/") && (name.includes("/") || /^\.\.?$/.test(name))) {
    problems.error(
      `Cannot use "${name}" for ${netnsKey} as it must be a name that "ip netns" lists, or an absolute path`,
      where,
    );
  }
  return { name, ...where };
}

/** A trailing "!" forbids to go on to the next one. */
function parseInterface(text: string): InterfaceConfig {
  const trimmed = text.trim();
  const strict = trimmed.endsWith("!");
  return { name: strict ? trimmed.slice(0, -1).trim() : trimmed, strict };
}
