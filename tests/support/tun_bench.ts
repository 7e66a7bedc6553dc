import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { Device } from "../../src/device/device.ts";
import type { OpenTun } from "../../src/device/open_tun.ts";
import { formatAddress } from "../../src/wire/address.ts";
import { type DeviceBench, FAR, NEAR } from "./device_contract.ts";
import type { Namespaces } from "./netns.ts";
import { silentLog } from "./silent_log.ts";

export const TUN = { name: "tun0", mtu: 1420, log: silentLog };

/** A TUN with FAR's address, and without the packets that IPv6 sends by itself. */
export async function openTunHere(
  net: Namespaces<"host">,
  { openTun }: { readonly openTun: OpenTun },
): Promise<Device> {
  await net.host.sysctl("net.ipv6.conf.default.disable_ipv6", 1);
  const device = await net.host.inside(() => openTun(TUN));
  await net.host.ip(`addr add ${formatAddress(FAR.address)}/24 dev tun0`);
  return device;
}

export async function openTunBench(
  net: Namespaces<"host">,
  { openTun }: { readonly openTun: OpenTun },
): Promise<DeviceBench & AsyncDisposable> {
  const device = await openTunHere(net, { openTun });
  const far = createSocket("udp4");
  await net.host.inside(() => {
    far.bind(FAR.port, formatAddress(FAR.address));
    return once(far, "listening");
  });
  const inbox: Uint8Array[] = [];
  far.on("message", (payload) => inbox.push(Uint8Array.from(payload)));
  return {
    device,
    send: (payload) =>
      new Promise((resolve, reject) =>
        far.send(
          payload,
          NEAR.port,
          formatAddress(NEAR.address),
          (error) => error ? reject(error) : resolve(),
        )
      ),
    async received() {
      while (inbox.length === 0) await once(far, "message");
      return inbox.shift() ?? new Uint8Array();
    },
    async [Symbol.asyncDispose]() {
      await device[Symbol.asyncDispose]();
      far.close();
      await once(far, "close");
    },
  };
}
