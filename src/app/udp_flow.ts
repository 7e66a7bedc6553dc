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
  let heard = false;
  session.onClosed = () => {
    closed.resolve();
    controller.abort(new Error("The session is over"));
  };
  const channel: DatagramChannel = {
    closed: closed.promise,
    send: (payload) => {
      heard = true;
      if (payload.length <= limit) session.send(payload);
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
