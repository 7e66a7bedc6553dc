import { setImmediate } from "node:timers";
import { formatPosition } from "../base/errors.ts";
import type { BypassConfig } from "../config/chain_schema.ts";
import {
  type BypassGroup,
  bypassGroup,
  type BypassOptions,
} from "../rules/bypass.ts";
import {
  type ListProblem,
  MatcherListReader,
  type MatcherSet,
  matcherSet,
} from "../rules/matcher_set.ts";
import type { Context } from "./context.ts";
import { readLive } from "./live.ts";

/** Lines that are read in one turn: about 20 ms. */
const LINES_A_TURN = 8192;
/** Bad lines of a list that are named; the rest is counted. */
const MAX_NAMED = 10;
/** Of a bad line. */
const MAX_QUOTED = 80;

/** The bypasses of a configuration: each is compiled once, however many refer to it. */
export class Bypasses {
  readonly #context: Pick<Context, "files" | "log" | "upkeep">;
  readonly #known = new Map<BypassConfig, Promise<BypassOptions>>();

  constructor(context: Pick<Context, "files" | "log" | "upkeep">) {
    this.#context = context;
  }

  /** Those that an object names, as one. Rejects with a ConfigError where a list cannot be read. */
  async group(configs: readonly BypassConfig[]): Promise<BypassGroup> {
    const members: BypassOptions[] = [];
    for (const config of configs) members.push(await this.#find(config));
    return bypassGroup(members);
  }

  #find(config: BypassConfig): Promise<BypassOptions> {
    const known = this.#known.get(config) ?? this.#compile(config);
    this.#known.set(config, known);
    return known;
  }

  async #compile(config: BypassConfig): Promise<BypassOptions> {
    const { at, name, whitelist, network, matchers, loader } = config;
    const lists = await readLive(
      loader,
      (text, { file }) => this.#read(file, text, name),
      this.#context,
    );
    const own = { current: matcherSet(matchers) };
    return { at, name, whitelist, network, matchers: [own, ...lists] };
  }

  /** A bad line is named and left out. */
  async #read(file: string, text: string, bypass: string): Promise<MatcherSet> {
    const { log } = this.#context;
    const reader = new MatcherListReader(file, text);
    let bad = 0;
    const onProblem = ({ text, at, problem }: ListProblem): void => {
      if (++bad > MAX_NAMED) return;
      const quoted = text.slice(0, MAX_QUOTED);
      const reason = `Leaves out "${quoted}": ${problem}`;
      log.warn("list.line", { bypass, at: formatPosition(at), reason });
    };
    while (reader.read(LINES_A_TURN, onProblem)) await turn();
    const set = reader.finish();
    if (bad > MAX_NAMED) log.warn("list.bad", { bypass, file, lines: bad });
    log.debug("list.read", { bypass, file, matchers: set.size });
    return set;
  }
}

/** Lets everybody else have a turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
