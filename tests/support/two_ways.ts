import type { Namespaces } from "./netns.ts";

/** Server's address that the client reaches by eth0, or, at a higher metric, by eth1. */
export const SERVER4 = "192.0.2.1";
export const SERVER6 = "2001:db8::1";

/** The client's addresses on its two interfaces. */
export const CLIENT = {
  eth0: { ipv4: "10.0.0.1", ipv6: "fd00::1" },
  eth1: { ipv4: "10.0.1.1", ipv6: "fd00:1::1" },
};

/** Joins "client" and "server" by two cables. */
export async function joinTwoWays(
  net: Namespaces<"client" | "server">,
): Promise<void> {
  const { client, server } = net;
  for (const [i, device] of ["eth0", "eth1"].entries()) {
    const ipv6 = i === 0 ? "fd00:" : "fd00:1:";
    await net.cable(
      {
        in: "client",
        device,
        addresses: [`10.0.${i}.1/24`, `${ipv6}:1/64`],
      },
      {
        in: "server",
        device,
        addresses: [`10.0.${i}.2/24`, `${ipv6}:2/64`],
      },
    );
    const metric = 100 * (i + 1);
    await client.ip(
      `route add ${SERVER4} via 10.0.${i}.2 dev ${device} metric ${metric}`,
    );
    await client.ip(
      `-6 route add ${SERVER6} via ${ipv6}:2 dev ${device} metric ${metric}`,
    );
  }
  await server.ip(`addr add ${SERVER4}/32 dev lo`);
  await server.ip(`-6 addr add ${SERVER6}/128 dev lo nodad`);
}
