import type { Clock, Millis } from "../base/clock.ts";
import { DialError } from "../base/errors.ts";
import type { OpenUdp, OpenUdpPort, SocketOptions } from "../base/socket.ts";
import { withDeadline } from "../flow/deadline.ts";
import type { Dialer, Upstream } from "../flow/dialer.ts";
import type { Target } from "../flow/flow.ts";
import { formatEndpoint } from "../flow/flow.ts";
import { type ByteStream, READY } from "../flow/stream.ts";
import { wrapStream } from "../flow/wrap.ts";
import { parseAddress } from "../wire/address.ts";
import { SharedPorts } from "./shared_ports.ts";

/** Where a socket leaves by. */
export interface Egress {
  /** Its name or one of its addresses; absent where the routing table of `netns` says it. */
  readonly interface?: string;
  /** The network namespace that the socket is made in; absent where it is the program's own. */
  readonly netns?: string;
  /** When a dial through it fails, no other is tried. GOST's trailing "!". */
  readonly strict: boolean;
}

/** A connection by a socket of our own. Rejects with a DialError. */
export type OpenStream = (options: SocketOptions) => Promise<ByteStream>;

export interface DirectOptions {
  /** What the trace calls it. */
  readonly name: string;
  readonly openStream: OpenStream;
  readonly openUdp: OpenUdp;
  /** Absent where ports cannot be heard as a whole. */
  readonly openUdpPort?: OpenUdpPort | undefined;
  /** The addresses of a name, best first. Rejects with a DialError. */
  readonly resolve: (
    name: string,
    signal: AbortSignal,
  ) => Promise<readonly string[]>;
  /** Interfaces to try for an address, in order; none leaves it to the routing table. */
  readonly egress: (address: string) => readonly Egress[];
  /** SO_MARK */
  readonly mark?: number;
  /** For the whole dial. */
  readonly timeout: Millis;
  readonly clock: Clock;
}

/** Straight to the target, by a socket of our own. */
export function direct(options: DirectOptions): Dialer {
  const ports = new SharedPorts(options);
  return {
    dialStream: (target) => dialStream(options, target),
    dialDatagram: (target) =>
      tryAll(
        options,
        target,
        (socket) => Promise.resolve(ports.open(target, socket)),
      ),
  };
}

async function dialStream(
  options: DirectOptions,
  target: Target,
): Promise<Upstream> {
  const { clock, openStream } = options;
  const attempt = async (socket: SocketOptions): Promise<Upstream> => {
    const start = clock.now();
    const stream = await openStream(socket);
    const roundTrip = clock.now() - start;
    return wrapStream(stream, { answered: READY, patience: 0, roundTrip });
  };
  return await tryAll(options, target, attempt);
}

/** Tries every address and interface in turn. The first error tells the most: the later ones are mostly of the wrong family. */
async function tryAll<T>(
  options: DirectOptions,
  target: Target,
  attempt: (socket: SocketOptions) => Promise<T>,
): Promise<T> {
  const { addresses: known, dst: { host: chosen, port } } = target;
  const host = known?.[0] ?? chosen;
  const what = `Connecting to ${formatEndpoint({ host, port })}`;
  const { clock, timeout } = options;
  return await withDeadline(
    { clock, timeout, signal: target.signal, what },
    async (signal) => {
      const addresses = known ??
        (parseAddress(host) === undefined
          ? await options.resolve(host, signal)
          : [host]);
      let first: unknown;
      for (const address of addresses) {
        for (const way of waysTo(options, address)) {
          try {
            const result = await attempt({
              host: address,
              port,
              signal,
              ...(way?.interface && { interface: way.interface }),
              ...(way?.netns && { netns: way.netns }),
              ...(options.mark === undefined ? {} : { mark: options.mark }),
            });
            const used = known === undefined ? host : address;
            const to = formatEndpoint({ host: used, port });
            target.trace.push(step(options.name, to, way));
            return result;
          } catch (error) {
            signal.throwIfAborted();
            first ??= error;
            if (way?.strict) throw first;
          }
        }
      }
      throw first ?? new DialError("unreachable", `${what}: no address`);
    },
  );
}

/** "eth0", "netns blue" or "eth0 of netns blue". */
export function formatEgress({ interface: by, netns }: Egress): string {
  const space = netns === undefined ? [] : [`netns ${netns}`];
  return [...(by === undefined ? [] : [by]), ...space].join(" of ");
}

function waysTo(
  { egress }: DirectOptions,
  address: string,
): readonly (Egress | undefined)[] {
  const ways = egress(address);
  return ways.length === 0 ? [undefined] : ways;
}

function step(
  name: string,
  to: string,
  way: Egress | undefined,
): Target["trace"][number] {
  const by = way === undefined ? "" : ` by ${formatEgress(way)}`;
  return { by: name, what: `direct to ${to}${by}` };
}
