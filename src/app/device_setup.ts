import { describe } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { DeviceConfig } from "../config/schema.ts";
import type { Device } from "../device/device.ts";
import type { OpenTun } from "../device/open_tun.ts";
import { decodeJournal, encodeJournal, leftovers } from "../system/journal.ts";
import { linuxPlan } from "../system/linux.ts";
import type { Action } from "../system/plan.ts";
import { executePlan, undoAll } from "./execute.ts";

/** What was changed and will have to be undone stands here while a device is up, for the case that nobody gets to undo it. */
const JOURNAL_FOLDER = "/run/tungo";

export interface DeviceSetupOptions {
  readonly config: DeviceConfig;
  readonly openTun: OpenTun;
  readonly log: Log;
}

/** Makes the device with its addresses, routes and nameservers, and takes them back. */
export class DeviceSetup {
  readonly #options: DeviceSetupOptions;
  #undo: readonly Action[] = [];
  #device: Device | undefined;

  constructor(options: DeviceSetupOptions) {
    this.#options = options;
  }

  /** Rejects with a DeviceError; nothing is changed then. */
  async up(): Promise<Device> {
    const { config, openTun, log } = this.#options;
    const { name, mtu } = config;
    await undoLeftovers(log);
    const device = openTun({ name, mtu, log });
    try {
      const steps = linuxPlan({
        device: device.name,
        addresses: config.addresses,
        routes: config.routes.map(({ destination, gateway }) => ({
          prefix: destination,
          ...(gateway === undefined ? {} : { gateway }),
        })),
        dns: config.dns,
        resolvConf: await readOrNull("/etc/resolv.conf"),
      });
      this.#undo = await executePlan(steps, {
        log,
        onUndo: (undo) => writeJournal({ device: device.name, undo }, log),
      });
    } catch (error) {
      await device[Symbol.asyncDispose]();
      throw error;
    }
    this.#device = device;
    return device;
  }

  /** The device that is up. */
  device(): Device | undefined {
    return this.#device;
  }

  /** Takes everything back. */
  async down(): Promise<void> {
    const { log } = this.#options;
    const undo = this.#undo;
    const device = this.#device;
    this.#undo = [];
    this.#device = undefined;
    await undoAll(undo, log);
    if (device === undefined) return;
    writeJournal({ device: device.name, undo: [] }, log);
    await device[Symbol.asyncDispose]();
  }
}

/** Of programs that were killed: their devices are gone. */
async function undoLeftovers(log: Log): Promise<void> {
  const devices = new Set(Deno.networkInterfaces().map(({ name }) => name));
  for (const entry of list(JOURNAL_FOLDER)) {
    const path = `${JOURNAL_FOLDER}/${entry}`;
    const journal = decodeJournal(await Deno.readTextFile(path));
    if (journal === undefined || devices.has(journal.device)) continue;
    log.warn("system.leftovers", { device: journal.device });
    await undoAll(leftovers(journal, devices), log);
    await Deno.remove(path);
  }
}

function writeJournal(
  journal: Parameters<typeof encodeJournal>[0],
  log: Log,
): void {
  const path = `${JOURNAL_FOLDER}/${journal.device}.json`;
  try {
    if (journal.undo.length === 0) {
      Deno.removeSync(path);
      return;
    }
    Deno.mkdirSync(JOURNAL_FOLDER, { recursive: true });
    Deno.writeTextFileSync(path, encodeJournal(journal));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    log.warn("system.journal", { path, reason: describe(error) });
  }
}

function list(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return [];
  }
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch {
    return null;
  }
}
