import type { MuxConfig } from "../hop_schema.ts";
import type { Problems } from "../problems.ts";
import type { Metadata } from "./metadata.ts";

/** What carries the streams of a type of dialer or listener. */
const MUXED = new Map(
  (["tcp", "tls", "ws", "wss"] as const).map((type) => [`m${type}`, type]),
);

/** GOST's, which has one of 64 KiB for each stream besides: that were as little for each round trip. */
const DEFAULTS = {
  interval: 10_000,
  timeout: 30_000,
  maxFrameSize: 32_768,
  receiveBuffer: 4 << 20,
};

/** Takes "mwss" apart into streams over "wss". Undefined for a type that is not multiplexed. */
export function muxedType(
  type: string,
): "tcp" | "tls" | "ws" | "wss" | undefined {
  return MUXED.get(type);
}

/** GOST's `mux` keys. `carrier`: GOST speaks version 2 over plain TCP, else 1. */
export function decodeMux(
  metadata: Metadata,
  carrier: "tcp" | "tls" | "ws" | "wss",
  problems: Problems,
): MuxConfig {
  const type = metadata.choice(["mux.type"], ["smux", "yamux"], "smux");
  if (type === "yamux") metadata.refuse("mux.type");
  metadata.ignore("mux.maxStreamWindow");
  const version = metadata.integer(["mux.version"], {
    fallback: carrier === "tcp" ? 2 : 1,
    max: 2,
  });
  const interval = metadata.duration(
    ["mux.keepaliveInterval"],
    DEFAULTS.interval,
  );
  const timeout = metadata.duration(["mux.keepaliveTimeout"], DEFAULTS.timeout);
  if (timeout < interval) {
    problems.error(
      "Cannot use a mux.keepaliveTimeout below mux.keepaliveInterval: every carrier would be given up",
      metadata.where(["mux.keepaliveTimeout"]),
    );
  }
  const receiveBuffer = metadata.integer(["mux.maxReceiveBuffer"], {
    fallback: DEFAULTS.receiveBuffer,
  });
  const given = metadata.integer(["mux.maxStreamBuffer"], { fallback: 0 });
  if (given > receiveBuffer) {
    problems.error(
      `Cannot use a mux.maxStreamBuffer of ${given} as all streams together have mux.maxReceiveBuffer, ${receiveBuffer}`,
      metadata.where(["mux.maxStreamBuffer"]),
    );
  }
  const isSilent = metadata.boolean(["mux.keepaliveDisabled"]);
  return {
    version: version === 1 ? 1 : 2,
    keepalive: isSilent ? undefined : { interval, timeout },
    maxFrameSize: metadata.integer(["mux.maxFrameSize"], {
      fallback: DEFAULTS.maxFrameSize,
      max: 65_535,
    }),
    receiveBuffer,
    streamBuffer: given === 0 ? undefined : given,
  };
}
