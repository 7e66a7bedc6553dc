import type { UdpFlow } from "../flow/flow.ts";
import { type DatagramChannel, deferred, READY } from "../flow/stream.ts";
import { localEndpoint, remoteEndpoint } from "../stack/flow_key.ts";
import type { UdpSession } from "../stack/udp_session.ts";
import type { OpenedFlow } from "./flows.ts";

/** A session's first datagram as a flow; `controller` aborts with it. `limit`: octets of the longest datagram that is carried; longer ones are dropped. */
export function udpFlow(
  session: UdpSession,
  { id, controller }: OpenedFlow,
  limit: number,
): UdpFlow {
  const closed = deferred<void>();
  let accepted = false;
  session.onClosed = () => {
    closed.resolve();
    controller.abort(new Error("The session is over"));
  };
  const channel: DatagramChannel = {
    closed: closed.promise,
    send: (payload) => {
      if (payload.length <= limit) session.send(payload);
    },
    deliver: (onDatagram) => {
      accepted = true;
      session.accept((payload) => {
        if (payload.length <= limit) onDatagram(payload);
      });
    },
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
    // A session that has begun ends without a word, unless its target's port is closed: the next datagram may begin another.
    reject: (reason) =>
      session.reject(accepted && reason !== "refused" ? "silent" : reason),
  };
}
