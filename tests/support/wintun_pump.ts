import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import type { Device } from "../../src/device/device.ts";
import { createPacketBuffer, HEADROOM } from "../../src/wire/packet_buffer.ts";
import type { Namespace } from "./netns.ts";

/** Octets in front of a packet that say how long it is, little endian. */
const LENGTH = 2;

/** Octets that may wait for the program: beyond them packets are lost, as in a full ring. */
const MAX_WAITING = 8 << 20;

export interface WintunPump extends AsyncDisposable {
  /** Where the `wintun.dll` of ours is to connect to. */
  readonly port: number;
}

/** Carries packets between a device of the kernel and the `wintun.dll` of ours that connects. */
export async function pumpWintun(
  device: Device,
  space: Namespace,
): Promise<WintunPump> {
  const server = createServer({ noDelay: true });
  await space.inside(() => once(server.listen(0, "127.0.0.1"), "listening"));
  const { port } = server.address() as { readonly port: number };
  const clients = new Set<Socket>();
  server.on("connection", (client: Socket) => {
    clients.add(client);
    client.on("error", () => {});
    client.on("close", () => clients.delete(client));
    client.on("data", frames((packet) => send(device, packet)));
  });
  const inward = readAll(device, (framed) => {
    for (const client of clients) {
      if (client.writableLength < MAX_WAITING) client.write(framed);
    }
  });
  return {
    port,
    async [Symbol.asyncDispose]() {
      await device[Symbol.asyncDispose]();
      await inward;
      for (const client of clients) client.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Packets that came together go together. */
async function readAll(
  device: Device,
  onFramed: (framed: Uint8Array) => void,
): Promise<void> {
  const packet = createPacketBuffer();
  while (await device.readable()) {
    const parts: Uint8Array[] = [];
    while (parts.length < 64 && device.receive(packet)) {
      const { bytes, view, length } = packet;
      view.setUint16(HEADROOM - LENGTH, length, true);
      parts.push(bytes.slice(HEADROOM - LENGTH, HEADROOM + length));
    }
    const framed = new Uint8Array(
      parts.reduce((n, part) => n + part.length, 0),
    );
    let at = 0;
    for (const part of parts) {
      framed.set(part, at);
      at += part.length;
    }
    onFramed(framed);
  }
}

function send(device: Device, octets: Uint8Array): void {
  const packet = createPacketBuffer(octets.length);
  packet.bytes.set(octets, HEADROOM);
  packet.length = octets.length;
  device.send(packet);
}

/** Calls `onPacket` with each packet of a stream that comes in parts. */
function frames(
  onPacket: (packet: Uint8Array) => void,
): (part: Uint8Array) => void {
  let rest = new Uint8Array();
  return (part) => {
    const octets = new Uint8Array(rest.length + part.length);
    octets.set(rest);
    octets.set(part, rest.length);
    let at = 0;
    for (;;) {
      const length = (octets[at] ?? 0) | (octets[at + 1] ?? 0) << 8;
      const end = at + LENGTH + length;
      if (at + LENGTH > octets.length || end > octets.length) break;
      onPacket(octets.subarray(at + LENGTH, end));
      at = end;
    }
    rest = octets.slice(at);
  };
}
