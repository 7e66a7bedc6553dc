import { ConfigError, describe, DeviceError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { formatProblem } from "../config/problems.ts";
import type { ReadConfig } from "../config/read_config.ts";
import type { Config } from "../config/schema.ts";

export interface ReloadsOptions {
  /** Throws a ConfigError for what cannot be read. */
  readonly load: () => Promise<ReadConfig>;
  /** What was loaded last, as it was written. */
  readonly text: () => string;
  /** Puts a configuration in force. Rejects with a ConfigError or DeviceError, and everything is as before then. */
  readonly apply: (config: Config) => Promise<void>;
  readonly log: Log;
}

/** Puts configurations in force as they are asked for, one after the other. A wrong one changes nothing. */
export class Reloads {
  readonly #options: ReloadsOptions;
  /** As it was when it was looked at last, whether it was right or wrong. */
  #text: string;
  /** Why nothing could be looked at. */
  #unreadable: string | undefined;
  #running: Promise<void> | undefined;
  #wanted: "changed" | "any" | undefined;

  constructor(options: ReloadsOptions) {
    this.#options = options;
    this.#text = options.text();
  }

  /** Resolves when all is done that has been asked for so far. "changed": only where something has been written meanwhile. */
  request(what: "changed" | "any"): Promise<void> {
    if (this.#wanted !== "any") this.#wanted = what;
    this.#running ??= this.#run().finally(() => this.#running = undefined);
    return this.#running;
  }

  async #run(): Promise<void> {
    for (let what = this.#wanted; what !== undefined; what = this.#wanted) {
      this.#wanted = undefined;
      await this.#reload(what);
    }
  }

  async #reload(what: "changed" | "any"): Promise<void> {
    const { load, text, apply, log } = this.#options;
    try {
      const { config, errors, warnings } = await load();
      const same = text() === this.#text;
      this.#text = text();
      this.#unreadable = undefined;
      if (same && what === "changed") return;
      for (const warning of warnings) {
        log.warn("config", { problem: formatProblem(warning) });
      }
      if (config === undefined) {
        this.#refuse(errors);
        return;
      }
      await apply(config);
      log.info("reload.done", { services: config.services.length });
    } catch (error) {
      // A file that is not there is no news the second time.
      const again = what === "changed" && describe(error) === this.#unreadable;
      this.#unreadable = describe(error);
      if (again) return;
      if (error instanceof ConfigError) this.#refuse([error]);
      else if (error instanceof DeviceError) {
        log.error("reload.refused", { reason: error.message });
      } else throw error;
    }
  }

  #refuse(errors: readonly ConfigError[]): void {
    const { log } = this.#options;
    for (const error of errors) {
      log.error("config", { problem: formatProblem(error) });
    }
    const reason = "The new configuration is wrong, the old one goes on";
    log.error("reload.refused", { reason, problems: errors.length });
  }
}
