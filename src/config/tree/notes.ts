import type { ShapeName } from "./gost.ts";

/** What people are told of a key where they write it. */
export interface Note {
  readonly description?: string;
  /** Those that tungo has. */
  readonly values?: readonly (string | number | boolean)[];
  /** What nothing written means. */
  readonly fallback?: string | number | boolean;
  /** Of metadata, which takes any: those that tungo reads. */
  readonly keys?: Readonly<Record<string, Note>>;
}

const TRANSPORTS = ["tcp", "tls", "ws", "wss", "mtcp", "mtls", "mws", "mwss"];

const ON_OFF = { values: [true, false], fallback: false } as const;

const MUX: Readonly<Record<string, Note>> = {
  "mux.version": {
    description: "Of smux; must be the node's. 2 for mtcp",
    values: [1, 2],
    fallback: 1,
  },
  "mux.keepaliveInterval": { description: "Between NOPs", fallback: "10s" },
  "mux.keepaliveTimeout": {
    description: "How long a silent peer is borne",
    fallback: "30s",
  },
  "mux.keepaliveDisabled": ON_OFF,
  "mux.maxFrameSize": {
    description: "Octets of a frame that is sent, at most 65535",
    fallback: 32_768,
  },
  "mux.maxReceiveBuffer": {
    description: "Octets that all flows may leave unread",
    fallback: 4_194_304,
  },
  "mux.maxStreamBuffer": {
    description: "Octets that one flow may leave unread",
  },
};

const EGRESS: Readonly<Record<string, Note>> = {
  interface: {
    description:
      'To leave by: names or addresses, tried in their order; "eth0!" nothing else, "auto" the default route\'s',
  },
  so_mark: { description: "SO_MARK of the sockets" },
};

const NETNS: Note = {
  description:
    "Network namespace to dial from, a name or an absolute path (Linux)",
};

const NODE_EGRESS: Readonly<Record<string, Note>> = {
  ...EGRESS,
  netns: NETNS,
};

const HOOK = { description: "Commands, each as a text" };

/** By object and key. */
export const NOTES: {
  readonly [N in ShapeName]?: Readonly<Record<string, Note>>;
} = {
  document: {
    services: { description: "What flows come in by" },
    chains: { description: "Ways out, each a row of hops" },
    hops: { description: "Hops that several chains may name" },
    bypasses: { description: "Lists of names and addresses" },
    resolvers: { description: "Nameservers to be asked" },
    hosts: { description: "Names with their addresses" },
    authers: { description: "Users of a far end" },
    tls: { description: "Of listeners that say nothing else" },
    log: { description: "Where lines go, and how many" },
  },
  service: {
    name: { description: "For the log" },
    addr: { description: "Where it listens; only a label for tungo, :0" },
    bypass: { description: "A hit turns the flow down" },
    bypasses: { description: "The same by several, as a group" },
    resolver: { description: "Asked for the names of targets" },
    hosts: { description: "The addresses of names of targets" },
    metadata: {
      keys: {
        ...EGRESS,
        "netns.out": NETNS,
        dialTimeout: { description: "Of a dial", fallback: "15s" },
        ignoreChain: { ...ON_OFF, description: "All goes straight out" },
        onReload: {
          description:
            "What becomes of flows that a new configuration sends another way",
          values: ["end", "finish"],
          fallback: "end",
        },
        preUp: HOOK,
        postUp: HOOK,
        preDown: HOOK,
        postDown: HOOK,
      },
    },
  },
  handler: {
    type: {
      description: "What flows are spoken to in",
      values: ["tungo", "relay", "socks5", "socks4", "http", "auto"],
    },
    chain: { description: "The way out; without it all goes straight out" },
    retries: { description: "Dials after a first one that fails", fallback: 0 },
    metadata: {
      keys: {
        sniffing: {
          ...ON_OFF,
          description: "Read names from the first octets of TCP",
        },
        "sniffing.udp": {
          values: [true, false],
          description: "The same of UDP; as sniffing where it is not said",
        },
        "sniffing.timeout": {
          description: "How long first octets are waited for",
          fallback: "300ms",
        },
        "sniffing.fallback": {
          ...ON_OFF,
          description: "Try the address where the name cannot be reached",
        },
        udpTimeout: {
          description: "Of a UDP session without a datagram",
          fallback: "30s",
        },
        handshake: {
          description: "When an application's SYN is answered",
          values: ["auto", "truthful", "eager"],
          fallback: "auto",
        },
        icmp: {
          description: "Whose pings are answered",
          values: ["off", "gateway", "all"],
          fallback: "gateway",
        },
        "dns.answer": {
          description:
            "The resolver by which questions to port 53 are answered",
        },
        "dns.fake": {
          description: "With dns.answer: addresses that stand for names",
        },
        strict: {
          ...ON_OFF,
          description: "Turn flows down that no node of a hop is for",
        },
        ipv6: {
          ...ON_OFF,
          description: "Call the network of TCP from IPv6 sources tcp6",
        },
        readTimeout: {
          description: "For the request of a client",
          fallback: "15s",
        },
        bind: { ...ON_OFF, description: "relay: serve BIND of UDP" },
        udp: { ...ON_OFF, description: "socks5, http: serve UDP" },
      },
    },
  },
  listener: {
    type: {
      description: "What the handler's clients come in by",
      values: ["tungo", ...TRANSPORTS],
    },
    metadata: {
      keys: {
        name: { description: "Of the device", fallback: "tungo" },
        net: {
          description: "Addresses of the device: 192.168.123.1/24,fd00::1/64",
        },
        mtu: { description: "576 to 65535", fallback: 1420 },
        route: { description: "Prefixes that lead into the device" },
        routes: { description: "The same, each with a gateway or without" },
        gw: { description: "The gateway of the routes; it answers ping" },
        dns: { description: "Nameservers of the machine while it runs" },
        path: { description: "Of a WebSocket", fallback: "/ws" },
        ...MUX,
      },
    },
  },
  hop: {
    bypass: { description: "A hit ends the chain before this hop" },
    bypasses: { description: "The same by several, as a group" },
    resolver: { description: "Asked for the names of its nodes" },
    hosts: { description: "The addresses of the names of its nodes" },
    metadata: {
      keys: {
        ...NODE_EGRESS,
        strict: {
          ...ON_OFF,
          description: "Turn flows down that no node is for",
        },
      },
    },
  },
  node: {
    addr: { description: "host:port" },
    bypass: { description: "A hit leaves the node out" },
    metadata: {
      keys: {
        ...NODE_EGRESS,
        weight: { description: "Its share with random", fallback: 1 },
        backup: { ...ON_OFF, description: "Taken where no other is left" },
        maxFails: { description: "Failures that keep flows away" },
        failTimeout: { description: "For how long" },
      },
    },
  },
  connector: {
    type: {
      description: "How the node is asked for a target",
      values: ["relay", "socks5", "http", "socks4", "socks4a", "direct"],
    },
    metadata: {
      keys: {
        nodelay: { ...ON_OFF, description: "relay: the node answers at once" },
        bind: {
          ...ON_OFF,
          description: "relay: UDP by one port of the node's",
        },
        relay: { description: "socks5: UDP ASSOCIATE", values: ["udp"] },
        connectTimeout: { description: "relay: of the request" },
        timeout: { description: "socks5, http, socks4: of the request" },
        action: {
          description: "direct: turn down what comes to it",
          values: ["reject"],
        },
        header: { description: "http: more headers, a mapping" },
      },
    },
  },
  dialer: {
    type: {
      description: "What the node is reached by",
      values: [...TRANSPORTS, "direct"],
    },
    metadata: {
      keys: {
        path: { description: "Of the WebSocket", fallback: "/ws" },
        host: { description: "Of the WebSocket's request" },
        header: { description: "More headers of it, a mapping" },
        keepalive: { ...ON_OFF, description: "Ping the node" },
        ttl: { description: "Between pings", fallback: "15s" },
        handshakeTimeout: { description: "Of TLS and the upgrade" },
        ...MUX,
      },
    },
  },
  tls: {
    secure: {
      ...ON_OFF,
      description: "Whether a node's certificate is verified",
    },
    serverName: { description: "What is verified; the host without it" },
    caFile: { description: "PEM of an authority; the system's without it" },
    certFile: { description: "PEM" },
    keyFile: { description: "PEM" },
  },
  selector: {
    strategy: {
      description: "Which of several",
      values: [
        ...["round", "random", "fifo", "hash"],
        ...["parallel", "lowestlatency"],
      ],
      fallback: "round",
    },
    maxFails: { description: "Failures that keep flows away", fallback: 1 },
    failTimeout: { description: "For how long", fallback: "10s" },
  },
  bypass: {
    whitelist: {
      ...ON_OFF,
      description: "Turn it round: everything but what matches",
    },
    network: {
      description: "Flows of others are left alone",
      values: ["tcp", "udp", "tcp6"],
    },
    matchers: {
      description: "10.0.0.0/8, example.com, .example.com, *.example.com:443",
    },
    file: { description: "A list with a pattern a line" },
    reload: { description: "How often the list is read again" },
  },
  log: {
    level: {
      values: ["trace", "debug", "info", "warn", "error", "fatal"],
      fallback: "info",
    },
    format: { values: ["text", "json"] },
    output: { description: "stderr, stdout, none or a path" },
  },
};
