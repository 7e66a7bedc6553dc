/** Windows' device, run by the Windows Deno under Wine, on a `wintun.dll` of ours: see `tests/windows/windows_test.ts`. */
import { assertEquals, assertThrows } from "@std/assert";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { openPlatform } from "../../../ffi/mod.ts";
import { DeviceError } from "../../../src/base/errors.ts";
import {
  createPacketBuffer,
  HEADROOM,
} from "../../../src/wire/packet_buffer.ts";
import {
  type DeviceBench,
  FAR,
  NEAR,
  testDeviceContract,
} from "../../support/device_contract.ts";
import { silentLog } from "../../support/silent_log.ts";
import { readUdpPacket, writeUdpPacket } from "../../support/udp_packet.ts";

testDeviceContract((title, test) =>
  Deno.test(`wintun: ${title}`, async () => {
    await using platform = openPlatform();
    await using bench = await openBench(platform);
    await test(bench);
  })
);

Deno.test("openTun asks for an administrator where the system refuses", async () => {
  await using platform = openPlatform();
  Deno.env.set("TUNGO_WINTUN_DENY", "1");
  const error = assertThrows(
    () => platform.openTun({ name: "tungo", mtu: 1420, log: silentLog }),
    DeviceError,
  );
  Deno.env.delete("TUNGO_WINTUN_DENY");
  assertEquals([error.message, error.remedy], [
    'Cannot make the device "tungo": ERROR_ACCESS_DENIED',
    "Run tungo as administrator (right click, or `Start-Process tungo -Verb RunAs`)",
  ]);
});

/** FAR sits at the other end of the library's connection, and minds the lengths in front of its packets. */
async function openBench(
  { openTun }: ReturnType<typeof openPlatform>,
): Promise<DeviceBench & AsyncDisposable> {
  const server: Server = createServer({ noDelay: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  Deno.env.set("TUNGO_WINTUN_PORT", String(port));
  const accepted = once(server, "connection");
  const device = openTun({ name: "tungo", mtu: 1420, log: silentLog });
  const [far] = await accepted as [Socket];
  const inbox: Uint8Array[] = [];
  let rest = new Uint8Array();
  far.on("data", (octets: Uint8Array) => {
    rest = Uint8Array.from([...rest, ...octets]);
    for (;;) {
      const length = (rest[0] ?? 0) | (rest[1] ?? 0) << 8;
      if (rest.length < 2 + length || rest.length < 2) break;
      inbox.push(rest.slice(2, 2 + length));
      rest = rest.slice(2 + length);
    }
    far.emit("packet");
  });
  far.on("error", () => {});
  return {
    device,
    async send(payload) {
      const packet = createPacketBuffer(2000);
      writeUdpPacket(packet, { from: FAR, to: NEAR, payload });
      const { bytes, length } = packet;
      const framed = bytes.slice(HEADROOM - 2, HEADROOM + length);
      new DataView(framed.buffer).setUint16(0, length, true);
      await new Promise((resolve) => far.write(framed, resolve));
      // The library's thread has to read it first; nothing tells when it has.
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
    async received() {
      while (inbox.length === 0) await once(far, "packet");
      const packet = createPacketBuffer(2000);
      const octets = inbox.shift() ?? new Uint8Array();
      packet.bytes.set(octets, HEADROOM);
      packet.length = octets.length;
      return readUdpPacket(packet)?.payload ?? new Uint8Array();
    },
    async [Symbol.asyncDispose]() {
      await device[Symbol.asyncDispose]();
      far.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
