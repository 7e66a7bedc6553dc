import { assertEquals } from "@std/assert";
import { DialError } from "../../../src/base/errors.ts";
import type {
  UdpOptions,
  UdpPort,
  UdpSocket,
} from "../../../src/base/socket.ts";
import { SharedPorts } from "../../../src/outbound/shared_ports.ts";
import { udpFlow } from "../../support/flows.ts";

/** A system that gives the ports 1, 2… and what happens on them. */
function begin({ shares = true, taken = false } = {}) {
  const log: string[] = [];
  const sockets: UdpSocket[] = [];
  const strangers: UdpPort[] = [];
  let last = 0;
  const ports = new SharedPorts({
    openUdp({ host, localPort }: UdpOptions) {
      if (taken && localPort !== undefined) {
        throw new DialError("unreachable", "EADDRINUSE");
      }
      const port = localPort ?? ++last;
      log.push(`${host} by ${port}`);
      const socket: UdpSocket = {
        localPort: shares ? port : 0,
        onDatagram: () => {},
        onError: () => {},
        send: () => {},
        [Symbol.dispose]: () => void log.push(`${host} closed`),
      };
      sockets.push(socket);
      return socket;
    },
    openUdpPort({ localPort }) {
      log.push(`all of ${localPort}`);
      const port: UdpPort = {
        onDatagram: () => {},
        [Symbol.dispose]: () => void log.push(`all of ${localPort} closed`),
      };
      strangers.push(port);
      return port;
    },
  });
  const { signal } = new AbortController();
  const open = (host: string, changes: Parameters<typeof udpFlow>[0] = {}) =>
    ports.open(udpFlow(changes), { host, port: 53, signal });
  return { log, sockets, strangers, open };
}

Deno.test("SharedPorts gives all flows of a source the same port, and hears others from the second on [RFC 4787 §4.1, §5]", async () => {
  const { log, strangers, open } = begin();
  const a = open("192.0.2.1");
  const got: unknown[] = [];
  a.deliver((_, from) => got.push(["a", from]));
  assertEquals(log, ["192.0.2.1 by 1"]);
  const b = open("192.0.2.2");
  b.deliver((_, from) => got.push(["b", from]));
  const from = () => ({ host: "192.0.2.9", port: 9 });
  const [known, again] = [from(), from()];
  strangers[0]?.onDatagram(new Uint8Array(1), known);
  strangers[0]?.onDatagram(new Uint8Array(1), again);
  await a[Symbol.asyncDispose]();
  strangers[0]?.onDatagram(new Uint8Array(1), again);
  assertEquals(got, [["a", known], ["a", known], ["b", known]]);
  // Interned: the same sender is the same object.
  assertEquals(got.every((row) => (row as unknown[])[1] === known), true);
  await b[Symbol.asyncDispose]();
  await b[Symbol.asyncDispose]();
  assertEquals(log, [
    "192.0.2.1 by 1",
    "192.0.2.2 by 1",
    "all of 1",
    "192.0.2.1 closed",
    "192.0.2.2 closed",
    "all of 1 closed",
    "192.0.2.2 closed",
  ]);
});

Deno.test("SharedPorts hears everybody at once on a port that is open to all", () => {
  const { log, open } = begin();
  open("192.0.2.1", { isOpenToAll: true });
  open("192.0.2.2", { isOpenToAll: true });
  assertEquals(log, ["192.0.2.1 by 1", "all of 1", "192.0.2.2 by 1"]);
});

Deno.test("SharedPorts gives each source, and each family of it, a port of its own", () => {
  const { log, open } = begin();
  open("192.0.2.1");
  open("192.0.2.1", { src: { host: "10.0.0.3", port: 40_000 } });
  open("2001:db8::1");
  for (const host of ["192.0.2.1", "192.0.2.2"]) {
    open(host, { src: { host: "", port: 0 } });
  }
  assertEquals(log.map((line) => line.split(" by ")[1]), [
    "1",
    "2",
    "3",
    "4",
    "5",
  ]);
});

Deno.test("SharedPorts does without where the system shares no ports, or somebody else has it", () => {
  for (const options of [{ shares: false }, { taken: true }]) {
    const { log, open } = begin(options);
    open("192.0.2.1");
    open("192.0.2.2");
    assertEquals(log, ["192.0.2.1 by 1", "192.0.2.2 by 2"]);
  }
});

Deno.test("SharedPorts tells each flow of its own errors, and lets it end", async () => {
  const { sockets, open } = begin();
  const [a, b] = ["192.0.2.1", "192.0.2.2"].map((host) => open(host));
  sockets[1]?.onError(new DialError("refused", "nobody there"));
  let why = "";
  await b?.closed.catch(({ message }) => why = message);
  await a?.[Symbol.asyncDispose]();
  await a?.closed;
  assertEquals(why, "nobody there");
});
