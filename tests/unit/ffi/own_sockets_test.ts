import { assertEquals } from "@std/assert";
import { OwnSockets } from "../../../ffi/own_sockets.ts";

const LOCAL = { host: "192.0.2.10", port: 40_000 };
const REMOTE = { host: "198.51.100.1", port: 443 };

Deno.test("OwnSockets knows a socket from its first packet to its end", () => {
  const sockets = new OwnSockets();
  const states = [sockets.find("tcp", LOCAL, REMOTE)];
  const entry = sockets.add("tcp", LOCAL, REMOTE);
  states.push(sockets.find("tcp", LOCAL, REMOTE));
  entry.state = "connected";
  states.push(sockets.find("tcp", LOCAL, REMOTE));
  entry.remove();
  states.push(sockets.find("tcp", LOCAL, REMOTE));

  assertEquals(states, [undefined, "connecting", "connected", undefined]);
});

Deno.test("OwnSockets tells 5-tuples apart", () => {
  const sockets = new OwnSockets();
  sockets.add("tcp", LOCAL, REMOTE);

  assertEquals(sockets.find("udp", LOCAL, REMOTE), undefined);
  assertEquals(sockets.find("tcp", REMOTE, LOCAL), undefined);
  assertEquals(
    sockets.find("tcp", { ...LOCAL, port: 40_001 }, REMOTE),
    undefined,
  );
  assertEquals(
    sockets.find("tcp", LOCAL, { ...REMOTE, host: "198.51.100.2" }),
    undefined,
  );
});

Deno.test("OwnSockets keeps a new socket that got the ports of an old one", () => {
  const sockets = new OwnSockets();
  const old = sockets.add("tcp", LOCAL, REMOTE);
  sockets.add("tcp", LOCAL, REMOTE);
  old.remove();

  assertEquals(sockets.find("tcp", LOCAL, REMOTE), "connecting");
});
