import { describe } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { DeviceConfig } from "../config/schema.ts";
import { devicePlan } from "./device_plan.ts";
import type { Device } from "../device/device.ts";
import type { OpenTun } from "../device/open_tun.ts";
import {
  decodeJournal,
  encodeJournal,
  type Journal,
  leftovers,
} from "../system/journal.ts";
import type { Action } from "../system/plan.ts";
import type { System } from "../system/system.ts";
import { executePlan, undoAll } from "./execute.ts";

export interface DeviceSetupOptions {
  readonly config: DeviceConfig;
  readonly openTun: OpenTun;
  readonly system: System;
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
    const { config, openTun, system, log } = this.#options;
    const { name, mtu } = config;
    await undoLeftovers(this.#options);
    const device = openTun({ name, mtu, log });
    try {
      this.#undo = await executePlan(
        devicePlan(config, { system, device: device.name, readFile }),
        {
          log,
          onUndo: (undo) => this.#writeJournal({ device: device.name, undo }),
        },
      );
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
    this.#writeJournal({ device: device.name, undo: [] });
    await device[Symbol.asyncDispose]();
  }

  #writeJournal(journal: Journal): void {
    const { system: { journalFolder }, log } = this.#options;
    const path = `${journalFolder}/${journal.device}.json`;
    try {
      if (journal.undo.length === 0) {
        Deno.removeSync(path);
        return;
      }
      Deno.mkdirSync(journalFolder, { recursive: true });
      Deno.writeTextFileSync(path, encodeJournal(journal));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      log.warn("system.journal", { path, reason: describe(error) });
    }
  }
}

/** Of programs that were killed: their devices are gone. */
async function undoLeftovers(
  { system: { journalFolder }, log }: DeviceSetupOptions,
): Promise<void> {
  const devices = new Set(Deno.networkInterfaces().map(({ name }) => name));
  for (const entry of list(journalFolder)) {
    const path = `${journalFolder}/${entry}`;
    const journal = decodeJournal(await Deno.readTextFile(path));
    if (journal === undefined || devices.has(journal.device)) continue;
    log.warn("system.leftovers", { device: journal.device });
    await undoAll(leftovers(journal, devices), log);
    await Deno.remove(path);
  }
}

function list(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return [];
  }
}

function readFile(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null;
  }
}
