import type { Fields, Log, LogLevel } from "../base/log.ts";
import type { OpenedLog } from "./open_log.ts";

/** One log for everybody, whatever it is written to now. */
export class LogSwitch implements Log {
  #log: OpenedLog;

  /** Takes `log` over. */
  constructor(log: OpenedLog) {
    this.#log = log;
  }

  /** Takes `log` over, and closes the one before. */
  use(log: OpenedLog): void {
    const before = this.#log;
    this.#log = log;
    before[Symbol.dispose]();
  }

  enabled(level: LogLevel): boolean {
    return this.#log.enabled(level);
  }

  trace(event: string, fields?: Fields): void {
    this.#log.trace(event, fields);
  }

  debug(event: string, fields?: Fields): void {
    this.#log.debug(event, fields);
  }

  info(event: string, fields?: Fields): void {
    this.#log.info(event, fields);
  }

  warn(event: string, fields?: Fields): void {
    this.#log.warn(event, fields);
  }

  error(event: string, fields?: Fields): void {
    this.#log.error(event, fields);
  }
}
