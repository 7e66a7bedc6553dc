/** Each key of metadata that GOST's connectors and dialers have: taken at its word, or named. */
import { assertEquals } from "@std/assert";
import { read } from "../../../support/config.ts";

/** What tungo makes of a key: what it says, a warning that names it, or an error that does. */
type Fate = "taken" | "warned" | "refused";

type Keys = Readonly<Record<string, Fate>>;

const TCP_KEEPALIVE = (prefix: string): Keys => ({
  [prefix]: "taken",
  [`${prefix}.idle`]: "taken",
  [`${prefix}.interval`]: "warned",
  [`${prefix}.count`]: "warned",
});

const WEBSOCKET: Keys = {
  "path": "taken",
  "ws.path": "taken",
  "host": "taken",
  "ws.host": "taken",
  "header": "taken",
  "ws.header": "taken",
  "handshakeTimeout": "taken",
  "ws.handshakeTimeout": "taken",
  "readHeaderTimeout": "warned",
  "readBufferSize": "warned",
  "writeBufferSize": "warned",
  "enableCompression": "warned",
  "ws.readHeaderTimeout": "warned",
  "ws.readBufferSize": "warned",
  "ws.writeBufferSize": "warned",
  "ws.enableCompression": "warned",
  "keepalive": "taken",
  "ws.keepalive": "taken",
  "ttl": "taken",
  "keepalive.interval": "taken",
  ...TCP_KEEPALIVE("tcp.keepalive"),
};

const MUX: Keys = {
  "mux.version": "taken",
  "mux.keepaliveInterval": "taken",
  "mux.keepaliveDisabled": "taken",
  "mux.keepaliveTimeout": "taken",
  "mux.maxFrameSize": "taken",
  "mux.maxReceiveBuffer": "taken",
  "mux.maxStreamBuffer": "taken",
  "mux.maxStreamWindow": "warned",
  "mux.type": "taken",
};

const CONNECTORS: Readonly<Record<string, Keys>> = {
  relay: { nodelay: "taken", connectTimeout: "taken", bind: "taken" },
  socks5: {
    "timeout": "taken",
    "notls": "taken",
    "relay": "taken",
    "udp.bufferSize": "taken",
    "udpBufferSize": "taken",
    "udp.timeout": "warned",
  },
  socks4: { timeout: "taken", disable4a: "refused" },
  http: { timeout: "taken", header: "taken" },
};

const TLS: Keys = { ...TCP_KEEPALIVE("keepalive"), handshakeTimeout: "taken" };

const DIALERS: Readonly<Record<string, Keys>> = {
  tcp: TCP_KEEPALIVE("keepalive"),
  tls: TLS,
  ws: WEBSOCKET,
  wss: WEBSOCKET,
  mtcp: { ...TCP_KEEPALIVE("keepalive"), ...MUX },
  mtls: { ...TLS, ...MUX },
  mws: { ...WEBSOCKET, ...MUX },
  mwss: { ...WEBSOCKET, ...MUX },
};

/** Something that the key can be. */
function valueOf(key: string): string {
  if (/header$/.test(key)) return "{X-A: b}";
  if (/host$/.test(key)) return "cdn.example";
  if (/path$/.test(key)) return "/x";
  if (key === "relay") return "udp";
  if (key === "mux.type") return "smux";
  if (key === "mux.version") return "2";
  if (key === "mux.keepaliveInterval") return "5s";
  if (/Timeout|timeout|ttl|idle$|[iI]nterval$/.test(key)) return "40s";
  if (/Size$|Buffer$|Window$/.test(key)) return "9000";
  return /count$/.test(key) ? "3" : "true";
}

/** What becomes of a key of one object of a node. */
function fateOf(
  object: "connector" | "dialer",
  type: string,
  key: string,
): Fate {
  const types = object === "connector"
    ? { connector: type, dialer: "tcp" }
    : { connector: "relay", dialer: type };
  const metadata = (of: string): string =>
    of === object ? `{"${key}": ${valueOf(key)}}` : "{}";
  const { errors, warnings } = read({
    yaml: `
services:
- {name: a, handler: {type: tungo, chain: c}, listener: {type: tungo}}
chains:
- name: c
  hops:
  - name: h
    nodes:
    - name: n
      addr: h:1
      connector: {type: ${types.connector}, metadata: ${metadata("connector")}}
      dialer: {type: ${types.dialer}, metadata: ${metadata("dialer")}}
`,
  });
  const says = (text: string, end: string): boolean =>
    text === `"${key}" ${end}`;
  if (errors.some(({ message }) => says(message, "is not supported yet"))) {
    return "refused";
  }
  assertEquals(errors, [], `${type} ${key}`);
  return warnings.some(({ message }) => says(message, "has no effect"))
    ? "warned"
    : "taken";
}

for (
  const [object, types] of [["connector", CONNECTORS], [
    "dialer",
    DIALERS,
  ]] as const
) {
  Deno.test(`each key that GOST's ${object}s have is taken at its word, or named [B.7]`, () => {
    for (const [type, keys] of Object.entries(types)) {
      for (const [key, fate] of Object.entries(keys)) {
        assertEquals(fateOf(object, type, key), fate, `${type} ${key}`);
      }
    }
  });
}
