import { createHash } from "node:crypto";
import { Driver } from "../../src/app/driver.ts";
import { systemClock } from "../../src/app/system_clock.ts";
import { SocketStream } from "../../src/app/tcp_flow.ts";
import type { Device } from "../../src/device/device.ts";
import { createStack } from "../../src/stack/stack.ts";

/** Ends every connection that comes in by the device, as `hashTarget` does. */
export function serveDevice(device: Device): Disposable {
  const driver = new Driver({
    clock: systemClock(),
    createStack: (onDirty) =>
      createStack({
        mtu: device.mtu,
        offload: device.offload,
        random: (into) => {
          crypto.getRandomValues(into as Uint8Array<ArrayBuffer>);
        },
        ...{ gateways: new Set(), broadcasts: new Set() },
        udpTimeout: 30_000,
        onSyn: (syn) => void serve(new SocketStream(syn.accept(), () => {})),
        onSession: (session) => session.reject("silent"),
        onDirty,
      }),
  });
  void driver.run(device);
  return { [Symbol.dispose]: () => driver.stop() };
}

async function serve(stream: SocketStream): Promise<void> {
  await stream.established;
  const hash = createHash("sha256");
  let octets = 0;
  const take = (part: Uint8Array): void => {
    hash.update(part);
    octets += part.length;
  };
  while (await stream.read(take));
  await stream.write(new TextEncoder().encode(hash.digest("hex")));
  const pattern = Uint8Array.from({ length: 65_536 }, (_, i) => i);
  for (let left = octets; left > 0; left -= pattern.length) {
    await stream.write(pattern.subarray(0, Math.min(left, pattern.length)));
  }
  await stream.closeWrite();
}
