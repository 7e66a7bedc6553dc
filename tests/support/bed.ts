import { type Namespaces, netnsTest } from "./netns.ts";
import { type Program, startProgram } from "./program.ts";

/**
 * Two machines: on `client` run applications and tungo, on `server` the far end and the targets.
 * `eth0` and `eth1` of `client` both lead to `server`; the default routes use `eth0`.
 */
export interface Bed {
  readonly net: Namespaces<"client" | "server">;
  /** A far end, which listens when this resolves. */
  farEnd(...args: string[]): Promise<Program>;
  /** tungo on a TUN. Resolves once its device is up, with its addresses and routes; hooks may still run. */
  tungo(...args: string[]): Promise<Program>;
  /** Both, joined by relay+wss. */
  relayed(): Promise<{ readonly farEnd: Program; readonly tungo: Program }>;
  /** A program that may well not come up. */
  start(
    where: "client" | "server",
    args: readonly string[],
    by?: readonly string[],
  ): Program;
  /** Holds what `client` finds in /run, from one start to the next. */
  readonly run: string;
  /** What `client` finds in /etc/resolv.conf. */
  readonly resolvConf: string;
}

/** Of `server` behind `eth0`: where far ends listen. */
export const SERVER = "10.0.0.2";
/** Of `server` behind `eth1`. */
export const SERVER1 = "10.0.1.2";
/** Of `client`: who a target sees when a flow went straight out. */
export const CLIENT = { eth0: "10.0.0.1", eth1: "10.0.1.1" } as const;
/** Of `server`, beyond its links: only routes lead there. */
export const TARGET4 = "198.51.100.10";
export const TARGET6 = "2001:db8::10";
/** Of `server`, for a nameserver: the one that both machines ask. */
export const NAMESERVER4 = "192.0.2.53";
/** Nothing answers there. */
export const SILENT4 = "203.0.113.1";
/** `server` knows no way there. */
export const UNREACHABLE4 = "203.0.113.2";

/** The routes that take the traffic of `client` into tungo; links and far end stay beside it. */
export const ROUTES = "route=198.51.100.0/24,203.0.113.0/24,2001:db8::/32";
/** What most tests say of the device. */
export const DEVICE = `net=192.168.123.1/24,fd00:123::1/64&${ROUTES}`;

/** The usual service, far end and hop. */
export const TUNGO = `tungo://:0?${DEVICE}`;
export const FAR_END = "relay+wss://user:pass@:8443";
export const HOP = `relay+wss://user:pass@${SERVER}:8443?interface=eth0`;

/** What a user has set of the network of `client`, or somebody for him. */
export async function networkOf(
  { net: { client }, resolvConf }: Bed,
): Promise<string> {
  const parts = [
    client.ip("-o addr show scope global"),
    client.ip("route"),
    client.ip("-6 route"),
    Deno.readTextFile(resolvConf),
  ];
  // The number of a device is another one each time.
  return (await Promise.all(parts)).join("").replaceAll(/^\d+: /gm, "");
}

/** The applications of the tests. */
const APPLICATIONS = ["curl", "dig", "iperf3", "nc", "ping"];

/** A test with a bed of its own. It may need files beside the applications. */
export function bedTest(
  title: string,
  test: (bed: Bed) => Promise<void>,
  needs: readonly string[] = [],
): void {
  const run = async (net: Bed["net"]): Promise<void> => {
    await lay(net);
    const folder = await Deno.makeTempDir({ prefix: "tungo-bed-" });
    try {
      await test(await makeBed(net, folder));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };
  netnsTest(title, ["client", "server"], run, [...APPLICATIONS, ...needs]);
}

async function makeBed(
  net: Namespaces<"client" | "server">,
  folder: string,
): Promise<Bed> {
  const run = `${folder}/run`;
  await Deno.mkdir(run);
  const resolvConf = {
    client: `${folder}/client-resolv.conf`,
    server: `${folder}/server-resolv.conf`,
  };
  for (const path of Object.values(resolvConf)) {
    await Deno.writeTextFile(path, `nameserver ${NAMESERVER4}\n`);
  }
  const start: Bed["start"] = (where, args, by = []) =>
    startProgram(net[where], { args, run, resolvConf: resolvConf[where], by });
  const bed: Bed = {
    net,
    run,
    resolvConf: resolvConf.client,
    start,
    async farEnd(...args) {
      const program = start("server", args);
      await program.line("service.listen");
      return program;
    },
    async tungo(...args) {
      const program = start("client", args);
      await program.line("service.device");
      return program;
    },
    relayed: async () => ({
      farEnd: await bed.farEnd("-L", FAR_END),
      tungo: await bed.tungo("-L", TUNGO, "-F", HOP),
    }),
  };
  return bed;
}

async function lay(net: Namespaces<"client" | "server">): Promise<void> {
  const { client, server } = net;
  await net.cable(
    {
      in: "client",
      device: "eth0",
      addresses: [`${CLIENT.eth0}/24`, "fd00::1/64"],
    },
    { in: "server", device: "eth0", addresses: [`${SERVER}/24`, "fd00::2/64"] },
  );
  await net.cable(
    {
      in: "client",
      device: "eth1",
      addresses: [`${CLIENT.eth1}/24`, "fd00:1::1/64"],
    },
    {
      in: "server",
      device: "eth1",
      addresses: [`${SERVER1}/24`, "fd00:1::2/64"],
    },
  );
  await client.ip(`route add default via ${SERVER} dev eth0`);
  await client.ip("-6 route add default via fd00::2 dev eth0");
  await client.ip(`route add default via ${SERVER1} dev eth1 metric 20`);
  await server.ip(`addr add ${TARGET4}/32 dev lo`);
  await server.ip(`addr add ${NAMESERVER4}/32 dev lo`);
  await server.ip(`addr add ${TARGET6}/128 dev lo nodad`);
  await server.ip(
    "neigh add 10.0.0.99 lladdr 02:00:00:00:00:99 dev eth0 nud permanent",
  );
  await server.ip(`route add ${SILENT4} via 10.0.0.99`);
  await server.ip(`route add unreachable ${UNREACHABLE4}`);
}
