import type { TcpSocket } from "../../src/stack/tcp/socket.ts";
import { StackPair } from "../support/stack_pair.ts";

const OCTETS = new Uint8Array(64 * 1024).fill(7);
const OFFLOADS = {
  "super-packets": { tcp: true, udp: true, checksum: true },
  "packets of 1420 octets": { tcp: false, udp: false, checksum: false },
};

const ignore = {
  onEstablished() {},
  onReadable() {},
  onWritable() {},
  onClosed() {},
};

function drain(socket: TcpSocket): void {
  while (socket.readable() > 0) socket.read(() => {});
}

for (const [name, offload] of Object.entries(OFFLOADS)) {
  const pair = new StackPair(offload);
  const [active, passive] = pair.connect();
  active.events = passive.events = ignore;
  Deno.bench(`TCP, 64 KiB from stack to stack, ${name}`, () => {
    active.write(OCTETS);
    pair.settle();
    drain(passive);
    pair.settle();
  });
}

const pair = new StackPair(OFFLOADS["super-packets"]);
Deno.bench(
  "TCP, a connection that opens, carries an octet each way and closes",
  () => {
    const [active, passive] = pair.connect();
    active.events = passive.events = ignore;
    active.write(OCTETS.subarray(0, 1));
    pair.settle();
    drain(passive);
    passive.write(OCTETS.subarray(0, 1));
    pair.settle();
    drain(active);
    active.closeWrite();
    pair.settle();
    passive.closeWrite();
    pair.settle();
  },
);
