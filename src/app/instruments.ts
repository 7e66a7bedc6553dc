import { ConfigError, describe, DeviceError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { parseFaults } from "../config/command/faults.ts";
import { Capture } from "../device/capture.ts";
import type { Device } from "../device/device.ts";
import { faulty } from "../device/faulty.ts";
import { type Flow, formatEndpoint } from "../flow/flow.ts";

export interface InstrumentOptions {
  /** A file for all packets. */
  readonly pcap?: string | undefined;
  /** Faults for all devices, as `parseFaults` reads them. */
  readonly fault?: string | undefined;
  readonly log: Log;
}

/** What is put between devices and stacks so that somebody sees, or makes worse, what passes. */
export interface Instruments extends Disposable {
  on(device: Device): Device;
  /** Runs `flow` by `run`, and says in the capture which way it goes. */
  watch(flow: Flow, run: (flow: Flow) => Promise<void>): Promise<void>;
}

export const NO_INSTRUMENTS: Instruments = {
  on: (device) => device,
  watch: (flow, run) => run(flow),
  [Symbol.dispose]() {},
};

/** Throws a ConfigError, or a DeviceError where the file cannot be written. */
export function openInstruments(
  { pcap, fault, log }: InstrumentOptions,
): Instruments {
  const fail = fault === undefined ? NO_INSTRUMENTS.on : failing(fault, log);
  if (pcap === undefined) return { ...NO_INSTRUMENTS, on: fail };
  const file = create(pcap);
  const capture = new Capture({
    write: (octets) => writeAll(file, octets),
    now: () => performance.timeOrigin + performance.now(),
    onFailure: (error) =>
      log.error("capture.end", { path: pcap, reason: describe(error) }),
  });
  return {
    on: (device) => capture.of(fail(device)),
    watch: (flow, run) => commented(flow, run, capture),
    [Symbol.dispose]: () => file.close(),
  };
}

function failing(text: string, log: Log): Instruments["on"] {
  const faults = parseFaults(text);
  if (faults instanceof ConfigError) throw faults;
  const [random = 1] = crypto.getRandomValues(new Uint16Array(1));
  const { seed = random } = faults;
  return (device) => {
    // Who wants to see the same again needs the seed.
    log.warn("device.faults", { name: device.name, ...faults, seed });
    return faulty(device, { ...faults, seed });
  };
}

/** For nobody else's eyes: it holds what applications say. */
function create(path: string): Deno.FsFile {
  try {
    const options = { write: true, create: true, truncate: true, mode: 0o600 };
    return Deno.openSync(path, options);
  } catch (error) {
    const message = `Cannot write packets to "${path}": ${describe(error)}`;
    throw new DeviceError("open", (error as Error).name, message);
  }
}

function writeAll(file: Deno.FsFile, octets: Uint8Array): void {
  let rest = octets;
  while (rest.length > 0) rest = rest.subarray(file.writeSync(rest));
}

/** When the application is answered, the way is known; where it had to speak first (sniffing), at the end. */
async function commented(
  flow: Flow,
  run: (flow: Flow) => Promise<void>,
  capture: Capture,
): Promise<void> {
  let said = false;
  const say = (): void => {
    if (said || flow.trace.length === 0) return;
    said = true;
    capture.comment(routeOf(flow));
  };
  const watched: Flow = flow.protocol === "tcp"
    ? { ...flow, accept: () => (say(), flow.accept()) }
    : { ...flow, accept: () => (say(), flow.accept()) };
  await run(watched);
  say();
}

function routeOf({ id, protocol, src, dst, trace }: Flow): string {
  const steps = trace.filter(({ minor }) => !minor)
    .map(({ what, because }) =>
      because === undefined ? what : `${what} (${because})`
    );
  const ends = `${formatEndpoint(src)} → ${formatEndpoint(dst)}`;
  return `flow ${id} ${protocol} ${ends}: ${steps.join("; ")}`;
}
