import type { Namespaces } from "./netns.ts";
import { type Program, startProgram } from "./program.ts";
import type { Endpoint } from "./targets.ts";

/** `lan` sends through `router`, where tungo runs, to `server`. How `lan` and `router` are joined is the test's. */
export type GatewayNet = Namespaces<"lan" | "router" | "server">;

/** Of `lan` and `router`, on the link between them. */
export const LAN = "10.8.0.2";
export const ROUTER = "10.8.0.1";

/** Of `server`, behind tungo. */
export const BEHIND: Endpoint = { hostname: "198.51.100.10", port: 7000 };

/** Joins `router` and `server`, and has `router` forward. */
export async function layGateway(
  { router, server, cable }: GatewayNet,
): Promise<void> {
  await cable(
    { in: "router", device: "eth0", addresses: ["10.0.0.1/24"] },
    { in: "server", device: "eth0", addresses: ["10.0.0.2/24"] },
  );
  await server.ip(`addr add ${BEHIND.hostname}/32 dev lo`);
  await router.ip("route add default via 10.0.0.2");
  await router.sysctl("net.ipv4.ip_forward", 1);
}

/** tungo on `router`, with a TUN of this MTU towards BEHIND. */
export async function startGateway(
  { router }: GatewayNet,
  mtu: number,
): Promise<Program & AsyncDisposable> {
  const run = await Deno.makeTempDir();
  const route = "198.51.100.0/24";
  const resolvConf = `${run}/resolv.conf`;
  await Deno.writeTextFile(resolvConf, "");
  const service =
    `tungo://:0?net=192.168.123.1/24&mtu=${mtu}&route=${route}&interface=eth0`;
  const program = startProgram(router, {
    args: ["-L", service],
    run,
    resolvConf,
  });
  await program.line("service.device");
  let end: ReturnType<Program["stop"]> | undefined;
  const stop: Program["stop"] = (signal) => end ??= program.stop(signal);
  return {
    ...program,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await Deno.remove(run, { recursive: true });
    },
  };
}
