import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { Namespace } from "./netns.ts";

/** A web proxy of the ordinary kind: CONNECT to addresses with a port, and "400 Bad Request" for all else. */
export interface HttpProxy extends AsyncDisposable {
  /** "CONNECT 192.0.2.1:443" */
  readonly asked: string[];
}

export async function startHttpProxy(
  space: Namespace,
  hostname: string,
  port: number,
): Promise<HttpProxy> {
  const asked: string[] = [];
  const open = new Set<Socket>();
  const serve = async (client: Socket): Promise<void> => {
    open.add(client);
    client.on("error", () => {});
    const [head] = await once(client, "data");
    const [line = ""] = String(head).split("\r\n");
    asked.push(line.replace(/ HTTP.*/, ""));
    const [, host, where] = /^CONNECT (\S+):(\d+) HTTP/.exec(line) ?? [];
    if (host === undefined) {
      client.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const target = await space.inside(async () => {
      const target = connect(Number(where), host);
      target.on("error", () => client.destroy());
      await once(target, "connect");
      return target;
    });
    open.add(target);
    client.write("HTTP/1.1 200 OK\r\n\r\n");
    client.pipe(target).pipe(client);
  };
  const server = await space.inside(async () => {
    const server = createServer((client) => void serve(client).catch(() => {}));
    server.listen(port, hostname);
    await once(server, "listening");
    return server;
  });
  return {
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
