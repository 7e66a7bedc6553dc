import { assertEquals, assertRejects } from "@std/assert";
import { NetworkState } from "../../../src/app/network_state.ts";
import { Resolvers } from "../../../src/app/resolvers.ts";
import { DialError } from "../../../src/base/errors.ts";
import type { SocketOptions } from "../../../src/base/socket.ts";
import { nameserversOf } from "../../../src/system/resolv_conf.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { silentLog } from "../../support/silent_log.ts";

const SIGNAL = new AbortController().signal;

/** A machine with these files, whose nameservers never answer; `asked` says how each was asked. */
function begin(files: Readonly<Record<string, string>>) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const ids: number[] = [];
  const readFile = (path: string): string => files[path] ?? "";
  const readRoutes = (): [] => [];
  const resolvers = new Resolvers({
    openStream: () => Promise.reject(new Error("no TCP here")),
    openUdp: ({ host, port, interface: by, mark }: SocketOptions) => {
      asked.push([`${host}:${port}`, by, mark].filter(Boolean).join(" "));
      return {
        localPort: 0,
        onDatagram: () => {},
        onError: () => {},
        send: ([high = 0, low = 0]) => void ids.push(high << 8 | low),
        [Symbol.dispose]: () => {},
      };
    },
    state: new NetworkState({
      log: silentLog,
      readRoutes,
      version: () => 0,
      hasNamespaces: true,
      addresses: () => [],
    }),
    clock,
    random: (into) => crypto.getRandomValues(into as Uint8Array<ArrayBuffer>),
    hosts: readFile("/etc/hosts"),
    nameservers: nameserversOf(
      readFile("/etc/resolv.conf"),
      readFile("/run/systemd/resolve/resolv.conf"),
    ),
  });
  return { clock, asked, ids, resolvers };
}

const NO_EGRESS = { interfaces: [], mark: undefined, netns: undefined };

Deno.test("Resolvers asks the nameservers of resolv.conf in turn, through the interface and with the mark of what it is for [H.2 node by domain]", async () => {
  const { clock, asked, ids, resolvers } = begin({
    "/etc/resolv.conf": "nameserver 192.0.2.53\nnameserver 2001:db8::53\n",
  });
  const egress = {
    interfaces: [{ name: "eth7", strict: true }],
    mark: 9,
    netns: undefined,
  };
  const failed = assertRejects(
    () => resolvers.via(egress)("node.example", SIGNAL),
    DialError,
    "Cannot resolve",
  );
  await clock.advance(6000);
  await failed;
  const [first, second] = ["192.0.2.53:53 eth7 9", "2001:db8::53:53 eth7 9"];
  assertEquals(asked, [first, first, second, second]);
  assertEquals(new Set(ids).size > 1, true);
});

Deno.test("Resolvers knows /etc/hosts", async () => {
  const { asked, resolvers } = begin({
    "/etc/hosts":
      "192.0.2.9 node.example node # ours\n2001:db8::9 node.example\n",
  });
  const resolve = resolvers.via(NO_EGRESS);
  assertEquals(await resolve("node.example", SIGNAL), [
    "192.0.2.9",
    "2001:db8::9",
  ]);
  assertEquals(await resolve("NODE", SIGNAL), ["192.0.2.9"]);
  assertEquals(asked, []);
});

Deno.test("Resolvers asks systemd-resolved's uplinks rather than its stub, whose questions would follow the routes into the device", async () => {
  const { clock, asked, resolvers } = begin({
    "/etc/resolv.conf": "nameserver 127.0.0.53\n",
    "/run/systemd/resolve/resolv.conf": "nameserver 192.0.2.54\n",
  });
  const failed = assertRejects(
    () => resolvers.via(NO_EGRESS)("node.example", SIGNAL),
    DialError,
  );
  await clock.advance(6000);
  await failed;
  assertEquals(new Set(asked), new Set(["192.0.2.54:53"]));
});
