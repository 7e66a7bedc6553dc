import { assertEquals } from "@std/assert";
import { print } from "../../../../src/config/tree/print.ts";
import {
  errorsOf,
  read,
  warningsOf,
  type Written,
} from "../../../support/config.ts";

function documentOf(command: Written): unknown {
  return JSON.parse(print(read(command).document, "json"));
}

/** The only node of the only hop. */
function nodeOf(url: string): unknown {
  const document = documentOf({ F: [url] }) as {
    chains: { hops: { nodes: unknown[] }[] }[];
  };
  return document.chains[0]?.hops[0]?.nodes[0];
}

const TUTORIAL =
  "tungo://:0?name=tungo&net=192.168.123.1/24&mtu=1420&dns=1.1.1.1";

Deno.test("commandDocument makes GOST's document of the tutorial's first command line [I.1.1]", () => {
  const metadata = {
    dns: ["1.1.1.1"],
    mtu: "1420",
    name: "tungo",
    net: "192.168.123.1/24",
  };
  assertEquals(
    documentOf({
      L: [TUTORIAL],
      F: ["relay+wss://SERVER_IP:443?interface=eth0"],
    }),
    {
      services: [{
        name: "service-0",
        addr: ":0",
        handler: { type: "tungo", chain: "chain-0", metadata },
        listener: { type: "tungo", metadata },
        metadata,
      }],
      chains: [{
        name: "chain-0",
        hops: [{
          name: "hop-0",
          nodes: [{
            name: "node-0",
            addr: "SERVER_IP:443",
            connector: { type: "relay" },
            dialer: { type: "wss", tls: { serverName: "SERVER_IP" } },
          }],
          metadata: { interface: "eth0" },
        }],
      }],
    },
  );
});

Deno.test("commandDocument makes GOST's document of the tutorial's second command line [I.1.2]", () => {
  const metadata = {
    dns: ["1.1.1.1"],
    mtu: "1420",
    name: "tungo",
    net: "192.168.123.1/24",
    sniffing: "true",
  };
  assertEquals(
    documentOf({
      L: [`${TUTORIAL}&interface=eth0&sniffing=true`],
      F: ["relay+wss://SERVER_IP:443?interface=eth0&bypass=example.com"],
    }),
    {
      services: [{
        name: "service-0",
        addr: ":0",
        handler: { type: "tungo", chain: "chain-0", metadata },
        listener: { type: "tungo", metadata },
        metadata: { ...metadata, interface: "eth0" },
      }],
      chains: [{
        name: "chain-0",
        hops: [{
          name: "hop-0",
          bypass: "bypass-0",
          nodes: [{
            name: "node-0",
            addr: "SERVER_IP:443",
            connector: { type: "relay" },
            dialer: { type: "wss", tls: { serverName: "SERVER_IP" } },
          }],
          metadata: { interface: "eth0" },
        }],
      }],
      bypasses: [{ name: "bypass-0", matchers: ["example.com"] }],
    },
  );
});

Deno.test("commandDocument makes a node of each host, with a server name of its own [I.1.3, A.6]", () => {
  const node = (name: string, host: string) => ({
    name,
    addr: `${host}:1080`,
    connector: {
      type: "socks5",
      auth: { username: "u", password: "p" },
      metadata: { udpBufferSize: "65535" },
    },
    dialer: {
      type: "tcp",
      tls: { serverName: host },
      metadata: { udpBufferSize: "65535" },
    },
    metadata: { udpBufferSize: "65535", weight: "3" },
  });
  assertEquals(
    documentOf({
      F: [
        "socks5://u:p@a:1080,b:1080?strategy=fifo&bypass=~.x.org,10.0.0.0/8&node.weight=3&udpBufferSize=65535",
      ],
    }),
    {
      services: [],
      chains: [{
        name: "chain-0",
        hops: [{
          name: "hop-0",
          selector: {
            strategy: "fifo",
            maxFails: 1,
            failTimeout: 30_000_000_000,
          },
          bypass: "bypass-0",
          nodes: [node("node-0", "a"), node("node-1", "b")],
          metadata: { udpBufferSize: "65535" },
        }],
      }],
      bypasses: [{
        name: "bypass-0",
        whitelist: true,
        matchers: [".x.org", "10.0.0.0/8"],
      }],
    },
  );
});

Deno.test("commandDocument fills in the missing half of a scheme as GOST does [I.1.4]", () => {
  const rows: [string, string, string][] = [
    ["wss://h:1", "http", "wss"],
    ["https://h:1", "http", "tls"],
    ["h:1", "http", "tcp"],
    ["http://h:1", "http", "tcp"],
    ["relay://h:1", "relay", "tcp"],
    ["socks5://h:1", "socks5", "tcp"],
    ["ssu://h:1", "ssu", "udp"],
    ["relay+mwss://h:1", "relay", "mwss"],
  ];
  for (const [url, connector, dialer] of rows) {
    assertEquals(nodeOf(url), {
      name: "node-0",
      addr: "h:1",
      connector: { type: connector },
      dialer: { type: dialer, tls: { serverName: "h" } },
    });
  }
});

Deno.test("commandDocument fills in the missing half of a service's scheme as GOST does [A.5]", () => {
  const rows: [string, string, string][] = [
    ["tungo://:1", "tungo", "tungo"],
    ["relay://:1", "relay", "tcp"],
    ["tls://:1", "auto", "tls"],
    ["ssu://:1", "ssu", "udp"],
    [":1", "auto", "tcp"],
  ];
  for (const [url, handler, listener] of rows) {
    assertEquals(documentOf({ L: [url] }), {
      services: [{
        name: "service-0",
        addr: ":1",
        handler: { type: handler },
        listener: { type: listener },
      }],
    });
  }
});

Deno.test("commandDocument gives a node without a host no server name [I.1.4]", () => {
  assertEquals(documentOf({ F: ["direct://:0?interface=wlan0"] }), {
    services: [],
    chains: [{
      name: "chain-0",
      hops: [{
        name: "hop-0",
        nodes: [{
          name: "node-0",
          addr: ":0",
          connector: { type: "direct" },
          dialer: { type: "direct" },
        }],
        metadata: { interface: "wlan0" },
      }],
    }],
  });
});

Deno.test("commandDocument moves the parameters of -L into fields and leaves copies [I.1.5, H.1 whitelist]", () => {
  const copies = {
    bypass: "~a.com",
    hosts: "x.io:1.2.3.4,x.io:::1",
    ignoreChain: "true",
    "limiter.in": "1MB",
    prefer: "ipv6",
    resolver: "tls://1.1.1.1:853",
    retries: "2",
  };
  assertEquals(
    documentOf({
      L: [
        "tungo://:0?retries=2&bypass=~a.com&resolver=tls://1.1.1.1:853&prefer=ipv6&hosts=x.io:1.2.3.4,x.io:::1&ignoreChain=true&limiter.in=1MB",
      ],
    }),
    {
      services: [{
        name: "service-0",
        addr: ":0",
        bypass: "bypass-0",
        resolver: "resolver-0",
        hosts: "hosts-0",
        limiter: "limiter-0",
        handler: {
          type: "tungo",
          retries: 2,
          metadata: { ignoreChain: "true", prefer: "ipv6" },
        },
        listener: { type: "tungo", metadata: copies },
        metadata: copies,
      }],
      bypasses: [{ name: "bypass-0", whitelist: true, matchers: ["a.com"] }],
      resolvers: [{
        name: "resolver-0",
        nameservers: [{ addr: "tls://1.1.1.1:853", prefer: "ipv6" }],
      }],
      hosts: [{
        name: "hosts-0",
        mappings: [
          { ip: "1.2.3.4", hostname: "x.io" },
          { ip: "::1", hostname: "x.io" },
        ],
      }],
      limiters: [{ name: "limiter-0", limits: ["$ 1MB "] }],
    },
  );
});

Deno.test("commandDocument numbers what -F and -L define in one row, the hops' first [A.5, H.1 generated names]", () => {
  const { bypasses, services } = documentOf({
    L: ["tungo://:0?bypass=c", "tungo://:0?bypass=d&name=t1"],
    F: ["relay://h:1?bypass=a", "relay://h:2?bypass=b"],
  }) as { bypasses: unknown; services: { name: string; bypass: string }[] };
  assertEquals(bypasses, [
    { name: "bypass-0", matchers: ["a"] },
    { name: "bypass-1", matchers: ["b"] },
    { name: "bypass-2", matchers: ["c"] },
    { name: "bypass-3", matchers: ["d"] },
  ]);
  assertEquals(services.map(({ name, bypass }) => [name, bypass]), [
    ["service-0", "bypass-2"],
    ["service-1", "bypass-3"],
  ]);
});

Deno.test("commandDocument makes a service of each port of a range [A.5]", () => {
  const { services } = documentOf({
    L: ["relay://[::1]:8000-8002", "relay://:1", "relay://:9-8", "relay://h"],
  }) as { services: { name: string; addr: string }[] };
  assertEquals(services.map(({ name, addr }) => [name, addr]), [
    ["service-0", "[::1]:8000"],
    ["service-1", "[::1]:8001"],
    ["service-2", "[::1]:8002"],
    ["service-3", ":1"],
    ["service-4", ":9-8"],
    ["service-5", "h"],
  ]);
});

Deno.test("commandDocument puts a parameter with a scope there alone, and before one without [A.5, H.1 parameter placement]", () => {
  const document = documentOf({
    L: [
      "relay://:1?Service.a=1&handler.a=2&a=3&listener.b=4&so_mark=7&netns=n",
    ],
  });
  assertEquals(document, {
    services: [{
      name: "service-0",
      addr: ":1",
      handler: { type: "relay", metadata: { a: "2" } },
      listener: { type: "tcp", metadata: { a: "3", b: "4" } },
      metadata: { a: "1", netns: "n", so_mark: 7 },
    }],
  });
});

Deno.test("commandDocument reads credentials and TLS files of -L [A.5]", () => {
  const { services } = documentOf({
    L: ["relay+wss://:1?auth=dTpwOnE&cert=c&tls.keyFile=k&ca=a"],
  }) as { services: unknown[] };
  assertEquals(services, [{
    name: "service-0",
    addr: ":1",
    handler: { type: "relay", auth: { username: "u", password: "p:q" } },
    listener: {
      type: "wss",
      tls: { certFile: "c", keyFile: "k", caFile: "a" },
    },
  }]);
});

Deno.test("commandDocument reads the TLS parameters of -F [A.6]", () => {
  assertEquals(
    nodeOf("relay+tls://u@h:1?secure=true&serverName=s&certFile=c&key=k&ca=a"),
    {
      name: "node-0",
      addr: "h:1",
      connector: { type: "relay", auth: { username: "u" } },
      dialer: {
        type: "tls",
        tls: {
          certFile: "c",
          keyFile: "k",
          caFile: "a",
          secure: true,
          serverName: "s",
        },
      },
    },
  );
});

Deno.test("commandDocument defines limiters, admissions and the chain's resolver and hosts [A.5, A.6]", () => {
  const document = documentOf({
    L: [
      "relay://:1?limiter.out=2MB&limiter.conn.in=5KB&climiter=3&rlimiter=1.5&admission=~1.2.3.4,,b",
    ],
    F: ["relay://h:1?resolver=1.1.1.1,8.8.8.8&hosts=a:b"],
  }) as Record<string, unknown>;
  assertEquals(document.limiters, [
    { name: "limiter-0", limits: ["$  2MB", "$$ 5KB "] },
  ]);
  assertEquals(document.climiters, [{ name: "climiter-0", limits: ["$ 3"] }]);
  assertEquals(document.rlimiters, [{ name: "rlimiter-0", limits: ["$ 1.5"] }]);
  assertEquals(document.admissions, [
    { name: "admission-0", whitelist: true, matchers: ["1.2.3.4", "b"] },
  ]);
  assertEquals(document.resolvers, [
    {
      name: "resolver-0",
      nameservers: [{ addr: "1.1.1.1" }, { addr: "8.8.8.8" }],
    },
  ]);
  assertEquals(document.hosts, [
    { name: "hosts-0", mappings: [{ ip: "b", hostname: "a" }] },
  ]);
});

Deno.test("commandDocument refuses what a URL cannot say, by the option it stands in", () => {
  const rows: [Written, string[]][] = [
    [{ L: ["relay://:1/target:80"] }, [
      "-L: Cannot forward to a target behind the address, that is not supported yet: a path is written ?path=/ws",
    ]],
    [{ L: ["relay://:1"], F: ["relay+ws://h:1/ws"] }, [
      "-F: Cannot use a path behind the address: write ?path=/ws",
    ]],
    [{ L: ["relay://:1?auth=%25"] }, [
      "-L: Cannot decode auth=: write the base64 of user:password",
    ]],
    [{ L: ["relay://:1?hosts=a:1.2.3.4,b"] }, [
      '-L: Cannot use "b" in hosts=: write name:address',
    ]],
    [{ L: ["relay://:1", ""] }, [
      "-L #2: Cannot use an empty URL: write one like tungo://:0",
    ]],
  ];
  for (const [command, errors] of rows) assertEquals(errorsOf(command), errors);
});

Deno.test("commandDocument says that -L has no use for a selector", () => {
  assertEquals(warningsOf({ L: ["relay://:1?strategy=fifo"] }), [
    '-L: "strategy" has no effect on -L: it belongs to -F',
  ]);
});
