/** The files of GOST's TUN2SOCKS tutorial, for a relay at `server`. */

/** The plain one, with `hooks` after the start. */
export function plainFile(server: string, hooks: readonly string[]): string {
  return `
services:
- name: service-0
  addr: :0
  handler:
    type: tungo
    chain: chain-0
    metadata:
      udpTimeout: 30s   # UDP session timeout
  listener:
    type: tungo
    metadata:
      name: tungo    # default name is tungo
      net: 192.168.123.1/24
      mtu: 1420      # default mtu is 1420
      dns: 1.1.1.1   # dns server
  metadata:
    postUp:   # Automatically update the routing table through service postUp
${hooks.map((hook) => `    - ${hook}`).join("\n")}
    # - ip -6 route add default dev tungo metric 1
${chain(server)}`;
}

/** The hooks of the plain one on Linux, for a machine that `gateway` leads out of by eth0. */
export function linuxHooks(gateway: string): readonly string[] {
  return [
    "ip route delete default",
    `ip route add default via ${gateway} dev eth0 metric 10`,
    "ip route add default dev tungo metric 1",
  ];
}

/** The one with sniffing, and a bypass for example.com. */
export function sniffingFile(server: string): string {
  return `
services:
- name: service-0
  addr: :0
  handler:
    type: tungo
    chain: chain-0
    metadata:
      sniffing: true
      sniffing.udp: true
      sniffing.timeout: 1s
      sniffing.fallback: true
  listener:
    type: tungo
    metadata:
      name: tungo    # default name is tungo
      net: 192.168.123.1/24
      mtu: 1420      # default mtu is 1420
      dns: 1.1.1.1   # dns server
  metadata:
    interface: eth0
${chain(server, "\n    bypass: bypass-0")}
bypasses:
- name: bypass-0
  matchers:
  - example.com
`;
}

function chain(server: string, bypass = ""): string {
  return `
chains:
- name: chain-0
  hops:
  - name: hop-0${bypass}
    metadata:
      interface: eth0
    nodes:
    - name: node-0
      addr: ${server}:443
      connector:
        type: relay
      dialer:
        type: wss
`;
}
