/** A service that has been built: nothing of it runs before `start`. */
export interface Service {
  readonly name: string;
  /** Rejects with a DeviceError; nothing of it is left then. */
  start(): Promise<void>;
  /** Takes no new flows; those that are under way go on. */
  close(): Promise<void>;
  /** Undoes what it has done to the machine. */
  stop(): Promise<void>;
  /** What it keeps of connections and sessions, as text for people. */
  dump?(): string;
}
