/** Where in a configuration something stands: a file with a line and a column (both from 1), or an argument of the command line. */
export interface Position {
  /** A file's path, "-" for standard input, or an option such as "-L". */
  readonly file: string;
  /** 0 for an argument of the command line. */
  readonly line: number;
  readonly column: number;
}

/** "config.yaml:31:5", or "-L" for an argument. */
export function formatPosition(at: Position): string {
  return at.line === 0 ? at.file : `${at.file}:${at.line}:${at.column}`;
}

/** The configuration is wrong. `main.ts` prints it and exits with 2. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** Like `services[0].listener.metadata.mtu`. */
  readonly path: string;
  readonly at: Position;
  /** `message` says what was tried, with what, and what would do. */
  constructor(message: string, path: string, at: Position) {
    super(message);
    this.path = path;
    this.at = at;
  }
}

/**
 * - `refused`: the target, or a node on the way, answered with a refusal
 * - `timeout`: nobody answered in time
 * - `unreachable`: no route, no such host, name unknown
 * - `forbidden`: a node's policy says no
 * - `auth`: a node does not accept our credentials or its certificate is not accepted by us
 * - `unsupported`: the way out cannot carry this
 * - `streams-only`: the way out carries no datagrams at all
 * - `broken`: a node broke its protocol or went away in the middle
 */
export type DialErrorKind =
  | "refused"
  | "timeout"
  | "unreachable"
  | "forbidden"
  | "auth"
  | "unsupported"
  | "streams-only"
  | "broken";

export interface DialErrorOptions extends ErrorOptions {
  /** The node that is to blame; absent when it is the target itself. */
  readonly node?: string;
  /** A rule has said no, and nothing has failed: nobody tries another way. */
  readonly isDecision?: boolean;
}

/** A target could not be reached. Decided at the root of the flow: RST, ICMP or silence towards the application. */
export class DialError extends Error {
  override readonly name = "DialError";
  readonly kind: DialErrorKind;
  readonly node: string | undefined;
  readonly isDecision: boolean;
  constructor(
    kind: DialErrorKind,
    message: string,
    options: DialErrorOptions = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.node = options.node;
    this.isDecision = options.isDecision ?? false;
  }
}

/** The operating system said no. `main.ts` prints it with its remedy and exits with 1. */
export class DeviceError extends Error {
  override readonly name = "DeviceError";
  /** Like "ioctl(TUNSETIFF)". */
  readonly syscall: string;
  /** Like "EPERM". */
  readonly errno: string;
  /** What the user can do about it, a sentence. */
  readonly remedy: string | undefined;
  constructor(
    syscall: string,
    errno: string,
    message: string,
    remedy?: string,
  ) {
    super(message);
    this.syscall = syscall;
    this.errno = errno;
    this.remedy = remedy;
  }
}

/** A peer broke its protocol: a value that `proto` returns, not one it throws. The owner of the carrier aborts it. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly protocol: string;
  constructor(protocol: string, message: string) {
    super(message);
    this.protocol = protocol;
  }
}

/** A byte stream ended without an orderly end: reset by its peer, or cut in the middle of a frame. */
export class TruncatedError extends Error {
  override readonly name = "TruncatedError";
}

/** What a log line says of `error`: its message and those of its causes, each once, without a stack. */
export function describe(error: unknown): string {
  let said = "";
  for (let at = error; at !== undefined; at = causeOf(at)) {
    const message = at instanceof Error ? at.message : String(at);
    if (said.includes(message)) continue;
    said = said === "" ? message : `${said}: ${message}`;
  }
  return said;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
