import type { ByteStream, DatagramChannel } from "./stream.ts";

/** `host` is an address as `wire/address.ts` formats it, or a name. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** `by: "bypass-0"`, `what: "direct"`, `because: "example.com matches, config.yaml:31"`. */
export interface Step {
  readonly by: string;
  readonly what: string;
  readonly because?: string;
  /** What the destination is called, where this step has learnt it. */
  readonly name?: string;
  /** Left everything as it was: for who wants to know of all that was asked. */
  readonly minor?: true;
}

/** Octets of payload so far, counted while they pass. */
export interface Traffic {
  sent: number;
  received: number;
}

/** All that a dialer may know of a flow. */
export interface Target {
  readonly src: Endpoint;
  /** What the application chose. Never changes. */
  readonly dst: Endpoint;
  /** What sniffing says `dst` is called. Asked for by name where the way out resolves names itself. */
  readonly name?: string;
  /** The name that `dst` was the answer of a nameserver for. Rules go by it as long as there is no `name`; nobody is asked for it. */
  readonly called?: string;
  /** The port that a service's bypass compares `name` with beside that of `dst`, as GOST does. */
  readonly namePort?: number;
  /** What hosts or a resolver put in place of `name`, or of `dst` where that is one: the best first, at least one. */
  readonly addresses?: readonly string[];
  /** What rules call the network of a TCP flow from an IPv6 source, where the service tells it from IPv4's. */
  readonly network?: "tcp6";
  /** Nodes, by their identity, that it goes through already: where one is a choice it is chosen. */
  readonly keep?: ReadonlySet<string>;
  /** Of UDP: whoever learns the port that the flow leaves by may answer, where the way out allows. */
  readonly isOpenToAll?: boolean;
  /** Aborts when the flow dies or the program stops. */
  readonly signal: AbortSignal;
  /** Why the flow went where it went: each middleware and each choice outbound adds one step. Logs, `explain` and `top` read it. */
  readonly trace: Step[];
}

/** Before the flow is accepted: RST, ICMP unreachable, ICMP prohibited, or nothing at all. After it: RST. */
export type Rejection = "refused" | "unreachable" | "prohibited" | "silent";

/** Flows are plain objects (derived by spreading), `accept` and `reject` are own properties. */
interface FlowBase extends Target {
  readonly id: number;
  readonly traffic: Traffic;
  readonly reject: (reason: Rejection) => void;
}

/** An unanswered SYN. `accept` sends the SYN-ACK and resolves when the application has answered it. */
export interface TcpFlow extends FlowBase {
  readonly protocol: "tcp";
  readonly accept: () => Promise<ByteStream>;
  /** The application has been answered already, because somebody needed its first octets. */
  readonly accepted?: boolean;
  /** Somebody upstream of the dial would try another way (`fallback`), so a refusal is worth waiting for although the flow is accepted. */
  readonly confirm?: boolean;
}

/** The first datagram of one (address, port) of a client to one destination; later destinations of the same source are decided on their own. */
export interface UdpFlow extends FlowBase {
  readonly protocol: "udp";
  readonly accept: () => Promise<DatagramChannel>;
  /** The datagram that opened the flow; valid until `accept` is called. */
  readonly first: Uint8Array;
}

export type Flow = TcpFlow | UdpFlow;

/** What a dialer may know of a dial that is nobody's flow but ours. */
export function ownTarget(dst: Endpoint, signal: AbortSignal): Target {
  return { src: { host: "", port: 0 }, dst, signal, trace: [] };
}

/** What rules call the network of a flow. */
export function networkOf({ network, protocol }: Flow): string {
  return network ?? protocol;
}

/** "example.com:443", "[2001:db8::1]:443". */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
