import {
  DeviceError,
  DialError,
  type DialErrorKind,
} from "../src/base/errors.ts";
import type { SocketOptions } from "../src/base/socket.ts";

export interface DialFailure {
  readonly target: SocketOptions;
  /** Like "connect". */
  readonly syscall: string;
  /** Like "ECONNREFUSED". */
  readonly errno: string;
  /** What it means, or what would do. */
  readonly hint?: string;
}

/** What the system said of a connection, with the DeviceError as its cause. */
export function dialError(
  { target, syscall, errno, hint }: DialFailure,
): DialError {
  const said = `${syscall} says ${errno}`;
  const cause = new DeviceError(
    syscall,
    errno,
    hint === undefined ? said : `${said} (${hint})`,
  );
  const message = `${cannotReach(target)}: ${cause.message}`;
  return new DialError(kindOf(errno), message, { cause });
}

/** `Cannot reach 192.0.2.1:443 through "eth0"`. */
export function cannotReach(
  { host, port, interface: through, netns }: SocketOptions,
): string {
  const endpoint = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const by = through === undefined ? "" : ` through "${through}"`;
  const from = netns === undefined ? "" : ` from the namespace "${netns}"`;
  return `Cannot reach ${endpoint}${by}${from}`;
}

function kindOf(errno: string): DialErrorKind {
  switch (errno) {
    case "ECONNREFUSED":
    case "ECONNRESET":
      return "refused";
    case "ETIMEDOUT":
      return "timeout";
    case "EACCES":
      return "forbidden";
    default:
      return "unreachable";
  }
}
