/** What GOST's command line takes, for `goFlags` and `parseArgs`. */
export const FLAGS = {
  string: ["L", "F", "C", "O", "api", "metrics", "R"],
  boolean: ["D", "DD", "V", "h", "help"],
  collect: ["L", "F", "C"],
} as const;

/** What a start takes beside them. */
export const RUN_FLAGS = {
  string: [...FLAGS.string, "pcap", "fault"],
  boolean: [...FLAGS.boolean, "watch"],
  collect: FLAGS.collect,
} as const;

/** What `tungo up` takes. */
export const UP_FLAGS = {
  string: [...FLAGS.string, "os"],
  boolean: [...FLAGS.boolean, "plan"],
  collect: FLAGS.collect,
} as const;

/** What `tungo explain` takes beside them. */
export const EXPLAIN_FLAGS = {
  string: [...FLAGS.string, "sni", "service"],
  boolean: [...FLAGS.boolean, "udp"],
  collect: FLAGS.collect,
} as const;

/** The options that make up a configuration, as `parseArgs` returns them with `FLAGS`. */
export interface Command {
  /** URLs of services. */
  readonly L: readonly string[];
  /** URLs of hops. */
  readonly F: readonly string[];
  readonly api?: string | undefined;
  readonly metrics?: string | undefined;
  /** Log level debug. */
  readonly D: boolean;
  /** Log level trace. */
  readonly DD: boolean;
  /** Period of reloads. */
  readonly R?: string | undefined;
}

/** When a configuration is read again. */
export interface ReloadCommand {
  /** Go's duration. */
  readonly R?: string | undefined;
  /** When one of its files is written. */
  readonly watch: boolean;
}
