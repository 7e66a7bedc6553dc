import type { UdpFlow } from "../flow/flow.ts";
import {
  type DatagramChannel,
  deferred,
  type Peer,
  READY,
} from "../flow/stream.ts";
import {
  type FlowKey,
  localEndpoint,
  makeFlowKey,
  remoteEndpoint,
} from "../stack/flow_key.ts";
import type { UdpSession } from "../stack/udp_session.ts";
import { parseAddress } from "../wire/address.ts";
import type { OpenedFlow } from "./flows.ts";

/** A session's first datagram as a flow; `controller` aborts with it. `limit`: octets of the longest datagram that is carried; longer ones are dropped. */
export function udpFlow(
  session: UdpSession,
  { id, controller }: OpenedFlow,
  limit: number,
): UdpFlow {
  const closed = deferred<void>();
  const keys = new PeerKeys(session.key);
  let heard = false;
  session.onClosed = () => {
    closed.resolve();
    controller.abort(new Error("The session is over"));
  };
  const channel: DatagramChannel = {
    closed: closed.promise,
    send: (payload, from) => {
      heard = true;
      if (payload.length > limit) return;
      if (from === undefined) {
        session.send(payload);
        return;
      }
      const key = keys.of(from);
      if (key !== undefined) session.send(payload, key);
    },
    deliver: (onDatagram) =>
      session.accept((payload) => {
        if (payload.length <= limit) onDatagram(payload);
      }),
    [Symbol.asyncDispose]: () => {
      closed.resolve();
      session.close();
      return READY;
    },
  };
  return {
    id,
    protocol: "udp",
    src: remoteEndpoint(session.key),
    dst: localEndpoint(session.key),
    signal: controller.signal,
    trace: [],
    traffic: { sent: 0, received: 0 },
    first: session.first(),
    accept: () => Promise.resolve(channel),
    // The target was there: unless its port is closed now, the next datagram may find it again.
    reject: (reason) =>
      session.reject(heard && reason !== "refused" ? "silent" : reason),
  };
}

/** Whom datagrams come from beside the destination, as the stack knows them. */
class PeerKeys {
  readonly #application: FlowKey;
  readonly #known = new WeakMap<Peer, FlowKey>();

  constructor(session: FlowKey) {
    this.#application = session;
  }

  /** Undefined for one that cannot have sent to the application: it has no address, or one of the other family. */
  of(peer: Peer): FlowKey | undefined {
    const known = this.#known.get(peer);
    if (known !== undefined) return known;
    const { host, port } = remoteEndpoint(this.#application);
    const remote = parseAddress(host);
    const local = parseAddress(peer.host);
    if (remote === undefined || remote.length !== local?.length) {
      return undefined;
    }
    const key = makeFlowKey({ address: remote, port }, {
      address: local,
      port: peer.port,
    });
    this.#known.set(peer, key);
    return key;
  }
}
