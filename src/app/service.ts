import type { ServiceConfig } from "../config/schema.ts";
import type { Context } from "./context.ts";

/** A service that has been built: nothing of it runs before `start`. */
export interface Service {
  /** Rejects with a DeviceError; nothing of it is left then. */
  start(): Promise<void>;
  /**
   * Gets everything ready for another configuration of the same place. Rejects with a ConfigError, and nothing has changed
   * then; what it resolves to puts the configuration in force, and logs what the machine refuses.
   */
  prepare(config: ServiceConfig, context: Context): Promise<Change>;
  /** Takes no new flows; those that are under way go on. */
  close(): Promise<void>;
  /** Ends its flows where they are not to finish. */
  endFlows(): void;
  /** Undoes what it has done to the machine. */
  stop(): Promise<void>;
  /** What it keeps of connections and sessions, as text for people. */
  dump?(): string;
}

export type Change = () => Promise<void>;

/** Each configuration by its place: a service stays when its device, or where it listens, stays. */
export function byPlace(
  configs: readonly ServiceConfig[],
): ReadonlyMap<string, ServiceConfig> {
  const places = new Map<string, ServiceConfig>();
  for (const config of configs) {
    const place = placeOf(config);
    // Several may leave the port to the system.
    let name = place;
    for (let i = 2; places.has(name); i++) name = `${place} #${i}`;
    places.set(name, config);
  }
  return places;
}

function placeOf(config: ServiceConfig): string {
  return config.type === "tungo"
    ? `tungo ${config.device.name}`
    : `${config.type} ${config.host}:${config.port}`;
}
