import type { OwnSocket, Protocol } from "../src/base/socket.ts";

export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/** One socket of ours, as long as it is open. */
export interface OwnEntry {
  state: "connecting" | "connected";
  readonly remove: () => void;
}

/** The 5-tuples of all sockets that we opened ourselves. Asked once per new flow, so a string per question is cheap enough. */
export class OwnSockets {
  readonly #entries = new Map<string, OwnEntry>();

  readonly find: OwnSocket = (protocol, local, remote) =>
    this.#entries.get(key(protocol, local, remote))?.state;

  add(
    protocol: Protocol,
    local: SocketAddress,
    remote: SocketAddress,
  ): OwnEntry {
    const name = key(protocol, local, remote);
    const entry: OwnEntry = {
      state: "connecting",
      // The system may give the same ports to the next socket before the last one's end has been told.
      remove: () => {
        if (this.#entries.get(name) === entry) this.#entries.delete(name);
      },
    };
    this.#entries.set(name, entry);
    return entry;
  }
}

function key(
  protocol: Protocol,
  local: SocketAddress,
  remote: SocketAddress,
): string {
  return `${protocol} ${local.host} ${local.port} ${remote.host} ${remote.port}`;
}
