import { createServer, type Socket } from "node:net";
import { DeviceError } from "../../base/errors.ts";
import { type Endpoint, formatEndpoint } from "../../flow/flow.ts";
import type { NodeStreams } from "../../flow/node_stream.ts";
import { READY } from "../../flow/stream.ts";
import type {
  Incoming,
  Listen,
  Listener,
  ListenOptions,
} from "../contracts.ts";

/** A client that is gone without a word is noticed after this long, in ms. As Go has it. */
const KEEPALIVE = 15_000;
/** Connections that may wait to be taken in, as far as the system allows: node:net's 511 turn away clients that come all at once. */
const BACKLOG = 4096;

export function tcp(streams: NodeStreams): Listen {
  return (options) =>
    listen(options, (socket) => {
      options.onIncoming({
        stream: streams(socket),
        ...endsOf(socket),
      });
    });
}

/** Calls `onSocket` with every connection, both directions open, Nagle off. */
export function listen(
  { host, port }: Pick<ListenOptions, "host" | "port">,
  onSocket: (socket: Socket) => void,
): Promise<Listener> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.on("connection", (socket: Socket) => {
    socket.setKeepAlive(true, KEEPALIVE);
    onSocket(socket);
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error: Error & { code?: string }) => {
      const what = formatEndpoint({ host: host === "" ? "*" : host, port });
      const message = `Cannot listen on ${what}: ${error.message}`;
      reject(new DeviceError("listen", error.code ?? "", message));
    });
    const onListening = (): void => {
      const address = server.address();
      const bound = typeof address === "object" ? address : null;
      resolve({
        address: { host: bound?.address ?? host, port: bound?.port ?? port },
        // Its callback would come only after the last connection.
        [Symbol.asyncDispose]: () => {
          server.close();
          return READY;
        },
      });
    };
    const where = { port, backlog: BACKLOG };
    server.listen(host === "" ? where : { ...where, host }, onListening);
  });
}

export function endsOf(socket: Socket): Pick<Incoming, "from" | "to"> {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return {
    from: endpoint(remoteAddress, remotePort),
    to: endpoint(localAddress, localPort),
  };
}

/** A socket of both families shows IPv4 as mapped. */
function endpoint(host: string = "", port: number = 0): Endpoint {
  return { host: host.replace(/^::ffff:(?=\d+\.)/, ""), port };
}
