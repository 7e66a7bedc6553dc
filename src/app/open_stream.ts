import type { OpenSocket } from "../base/socket.ts";
import type { NodeStreams } from "../flow/node_stream.ts";
import type { SendBuffers } from "../flow/send_queue.ts";
import { socketStream } from "../flow/socket_stream.ts";
import type { OpenStream } from "../outbound/direct.ts";
import type { NetworkState } from "./network_state.ts";

export interface OpenStreamOptions {
  readonly openSocket: OpenSocket;
  /** For sockets of node:net. */
  readonly streams: NodeStreams;
  /** For all others. */
  readonly buffers: SendBuffers;
  readonly network: NetworkState;
}

/** Connections of our own, which end when the machine's network leaves them behind. */
export function openStreams(options: OpenStreamOptions): OpenStream {
  const { openSocket, streams, buffers, network } = options;
  return async (target) => {
    const socket = await openSocket(target);
    const bare = "toNode" in socket;
    const forget = network.watch({
      remote: target.host,
      local: socket.localAddress ?? "",
      isElsewhere: target.netns !== undefined,
      drop: (reason) => bare ? socket.fail(reason) : socket.destroy(reason),
    });
    if (!bare) return streams(socket.once("close", forget));
    socket.onClose = forget;
    return socketStream(socket, buffers, {
      setKeepAlive: (idle) => socket.setKeepAlive(idle),
      take: () => socket.toNode(),
    });
  };
}
