import { assertEquals } from "@std/assert";
import { ERRNO } from "../../../ffi/errno.ts";
import type { Libc } from "../../../ffi/libc.ts";
import { OwnSockets } from "../../../ffi/own_sockets.ts";
import type { ReaderOptions } from "../../../ffi/reader.ts";
import { linuxSockets } from "../../../ffi/socket_calls_linux.ts";
import { DATAGRAM_BUFFER, openUdp } from "../../../ffi/udp.ts";

/** A socket that the system announces whenever the test says so. `datagrams`: octets of those that wait. */
function open(datagrams: number[]) {
  let reader: ReaderOptions | undefined;
  const armed: number[] = [];
  const ok = () => 0;
  const libc = {
    ...{ socket: () => 5, connect: ok, getsockname: ok, setsockopt: ok },
    recv: (_fd: number, _into: Uint8Array, octets: number) =>
      octets === 0 ? -1 : datagrams.shift() ?? -1,
    errno: () => ERRNO.EAGAIN,
  } as unknown as Libc;
  const socket = openUdp(
    {
      host: "192.0.2.1",
      port: 53,
      signal: new AbortController().signal,
    },
    {
      sockets: linuxSockets(libc),
      ownSockets: new OwnSockets(),
      buffer: new Uint8Array(DATAGRAM_BUFFER),
      openReader: (options) => {
        reader = options;
        return { arm: () => armed.push(1), close: () => Promise.resolve() };
      },
    },
  );
  const errors: string[] = [];
  let received = 0;
  socket.onError = ({ kind }) => errors.push(kind);
  socket.onDatagram = () => received++;
  const announce = (): void => reader?.onArrival(-ERRNO.EAGAIN);
  return { announce, armed, errors, received: () => received };
}

Deno.test("openUdp() gives a socket up that is announced for ever without a datagram", () => {
  const { announce, armed, errors } = open([]);
  for (let i = 0; i < 1000; i++) announce();
  assertEquals([armed.length, errors], [1001, []]);

  announce();

  assertEquals([armed.length, errors], [1001, ["broken"]]);
});

Deno.test("openUdp() forgives empty announcements once a datagram comes", () => {
  const datagrams: number[] = [];
  const { announce, errors, received } = open(datagrams);
  for (let i = 0; i < 900; i++) announce();
  datagrams.push(3);
  announce();
  for (let i = 0; i < 900; i++) announce();

  assertEquals([received(), errors], [1, []]);
});
