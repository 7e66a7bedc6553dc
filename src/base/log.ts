export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

export type Fields = Readonly<
  Record<string, string | number | boolean | undefined>
>;

/** `event` is dotted ("flow.close"), fields are flat and hold no secret; undefined fields are left out. */
export interface Log {
  /** Whether a line of this level would be written: ask before building costly fields. */
  enabled(level: LogLevel): boolean;
  trace(event: string, fields?: Fields): void;
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
}
