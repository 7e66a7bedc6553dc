import type { Shape } from "./shape.ts";

// GOST's document: names, kinds, and the order in which GOST prints them.

const AUTH: Shape = { username: "text", password: "text", file: "text" };

const TLS: Shape = {
  certFile: "text",
  keyFile: "text",
  caFile: "text",
  secure: "boolean",
  serverName: "text",
  options: {
    object: {
      minVersion: "text",
      maxVersion: "text",
      cipherSuites: "texts",
      alpn: "texts",
    },
  },
  validity: "duration",
  commonName: "text",
  organization: "text",
  rejectUnknownSNI: "boolean",
  serverNames: "texts",
};

const LOADERS: Shape = {
  reload: "duration",
  file: { object: { path: "text!" } },
  redis: "anything",
  http: { object: { url: "text!", timeout: "duration" } },
  plugin: "anything",
};

const SELECTOR: Shape = {
  strategy: "text!",
  maxFails: "integer!",
  failTimeout: "duration!",
  maxLatency: "duration",
};

const MATCHER: Shape = {
  rule: "text",
  priority: "integer",
  bodySize: "integer",
};

const PROBE: Shape = {
  type: "text!",
  addr: "text",
  interval: "duration!",
  timeout: "duration!",
  httpPath: "text",
  httpHost: "text",
  httpHeaders: "map",
  expectedStatus: "integer",
  command: "text",
};

const SOCKOPTS: Shape = { mark: "integer" };

const CHAIN_GROUP: Shape = {
  chains: {
    list: {
      chain: "text",
      matcher: { object: MATCHER },
      probe: { object: PROBE },
    },
    text: "chain",
  },
  selector: { object: SELECTOR },
};

const HANDLER: Shape = {
  type: "text!",
  retries: "integer",
  chain: "text",
  chainGroup: { object: CHAIN_GROUP },
  auther: "text",
  authers: "texts",
  auth: { object: AUTH },
  tls: { object: TLS },
  limiter: "text",
  observer: "text",
  metadata: "anything",
};

const LISTENER: Shape = {
  type: "text!",
  chain: "text",
  chainGroup: { object: CHAIN_GROUP },
  auther: "text",
  authers: "texts",
  auth: { object: AUTH },
  tls: { object: TLS },
  metadata: "anything",
};

const SERVICE: Shape = {
  name: "text!",
  addr: "text",
  interface: "text",
  sockopts: { object: SOCKOPTS },
  admission: "text",
  admissions: "texts",
  bypass: "text",
  bypasses: "texts",
  resolver: "text",
  hosts: "text",
  limiter: "text",
  quotas: "texts",
  climiter: "text",
  rlimiter: "text",
  logger: "text",
  loggers: "texts",
  observer: "text",
  rewriter: "text",
  recorders: {
    list: { name: "text!", record: "text!", metadata: "anything" },
  },
  cache: "text",
  handler: { object: HANDLER },
  listener: { object: LISTENER },
  forwarder: "anything",
  metadata: "anything",
  status: "anything",
};

const CONNECTOR: Shape = {
  type: "text!",
  auth: { object: AUTH },
  tls: { object: TLS },
  metadata: "anything",
};

const DIALER: Shape = { ...CONNECTOR };

const NODE: Shape = {
  name: "text!",
  addr: "text",
  network: "text",
  bypass: "text",
  bypasses: "texts",
  resolver: "text",
  hosts: "text",
  connector: { object: CONNECTOR },
  dialer: { object: DIALER },
  interface: "text",
  netns: "text",
  sockopts: { object: SOCKOPTS },
  filter: { object: { host: "text", protocol: "text", path: "text" } },
  matcher: { object: MATCHER },
  http: "anything",
  tls: "anything",
  probe: { object: PROBE },
  metadata: "anything",
};

/** What a file of nodes holds, under a key that is not written there. */
export const NODES: Shape = { nodes: { list: NODE } };

const HOP: Shape = {
  name: "text!",
  interface: "text",
  sockopts: { object: SOCKOPTS },
  selector: { object: SELECTOR },
  bypass: "text",
  bypasses: "texts",
  resolver: "text",
  hosts: "text",
  nodes: { list: NODE },
  ...LOADERS,
  metadata: "anything",
};

const CHAIN: Shape = {
  name: "text!",
  hops: { list: HOP, always: true },
  metadata: "anything",
};

const BYPASS: Shape = {
  name: "text!",
  reverse: "boolean",
  whitelist: "boolean",
  network: "text",
  matchers: "texts",
  ...LOADERS,
};

const RESOLVER: Shape = {
  name: "text!",
  nameservers: {
    list: {
      addr: "text!",
      chain: "text",
      prefer: "text",
      clientIP: "text",
      hostname: "text",
      caFile: "text",
      domains: "texts",
      ttl: "duration",
      timeout: "duration",
      async: "boolean",
      only: "text",
    },
  },
  plugin: "anything",
};

const HOSTS: Shape = {
  name: "text!",
  mappings: { list: { ip: "text!", hostname: "text!", aliases: "texts" } },
  ...LOADERS,
};

const LIMITER: Shape = { name: "text!", limits: "texts", ...LOADERS };

const LOG: Shape = {
  output: "text",
  level: "text",
  format: "text",
  rotation: {
    object: {
      maxSize: "integer",
      maxAge: "integer",
      maxBackups: "integer",
      localTime: "boolean",
      compress: "boolean",
    },
  },
};

export const GOST: Shape = {
  services: { list: SERVICE, always: true },
  chains: { list: CHAIN },
  hops: { list: HOP },
  authers: { list: { name: "text!", auths: { list: AUTH }, ...LOADERS } },
  admissions: { list: BYPASS },
  bypasses: { list: BYPASS },
  resolvers: { list: RESOLVER },
  hosts: { list: HOSTS },
  ingresses: "anything",
  routers: "anything",
  sds: "anything",
  recorders: "anything",
  rewriters: "anything",
  caches: "anything",
  limiters: { list: LIMITER },
  quotas: "anything",
  climiters: { list: LIMITER },
  rlimiters: { list: LIMITER },
  observers: "anything",
  loggers: { list: { name: "text!", log: { object: LOG } } },
  tls: { object: TLS },
  log: { object: LOG },
  profiling: { object: { addr: "text!" } },
  api: {
    object: {
      addr: "text!",
      pathPrefix: "text",
      accesslog: "boolean",
      auth: { object: AUTH },
      auther: "text",
    },
  },
  metrics: {
    object: {
      addr: "text!",
      path: "text",
      auth: { object: AUTH },
      auther: "text",
    },
  },
};

/** The objects that notes and the JSON Schema know by name. */
export const SHAPES = {
  auth: AUTH,
  tls: TLS,
  selector: SELECTOR,
  matcher: MATCHER,
  probe: PROBE,
  sockopts: SOCKOPTS,
  chainGroup: CHAIN_GROUP,
  handler: HANDLER,
  listener: LISTENER,
  service: SERVICE,
  connector: CONNECTOR,
  dialer: DIALER,
  node: NODE,
  hop: HOP,
  chain: CHAIN,
  bypass: BYPASS,
  resolver: RESOLVER,
  hosts: HOSTS,
  limiter: LIMITER,
  log: LOG,
  document: GOST,
} as const satisfies Readonly<Record<string, Shape>>;

export type ShapeName = keyof typeof SHAPES;
