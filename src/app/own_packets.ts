import { DeviceError } from "../base/errors.ts";
import type { Protocol } from "../base/socket.ts";
import { localEndpoint, remoteEndpoint } from "../stack/flow_key.ts";
import type { PendingSyn } from "../stack/tcp/pending_syn.ts";
import type { Context } from "./context.ts";

/** What we send ourselves must not come in again: each such packet would make another one. */
export class OwnPackets {
  readonly #onDrop: () => void;
  readonly #onFatal: (error: DeviceError) => void;
  #isTold = false;

  /** `onDrop` counts a packet; `onFatal` is told of a connection that can never be made. */
  constructor(onDrop: () => void, onFatal: (error: DeviceError) => void) {
    this.#onDrop = onDrop;
    this.#onFatal = onFatal;
  }

  /** Whether the first packet of a flow is one of ours, to be dropped. */
  isOne(
    protocol: Protocol,
    key: PendingSyn["key"],
    { platform, log }: Context,
  ): boolean {
    const from = remoteEndpoint(key);
    const to = localEndpoint(key);
    const state = platform.ownSocket(protocol, from, to);
    if (state === undefined) return false;
    this.#onDrop();
    const what = `${to.host}:${to.port}`;
    if (state === "connecting") {
      this.#onFatal(
        new DeviceError(
          "connect",
          "ELOOP",
          `Our own connection to ${what} came back through the device`,
          "Give the node interface=NAME, or take its address out of the routes that lead into the device",
        ),
      );
    } else if (!this.#isTold) {
      this.#isTold = true;
      log.warn("device.loop", {
        protocol,
        to: what,
        remedy: "give interface=NAME",
      });
    }
    return true;
  }
}
