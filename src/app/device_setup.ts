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
import type { Action, Step } from "../system/plan.ts";
import type { System } from "../system/system.ts";
import { executePlan, undoAll } from "./execute.ts";
import { identityOf } from "./identity.ts";

export interface DeviceSetupOptions {
  readonly config: DeviceConfig;
  readonly openTun: OpenTun;
  readonly system: System;
  readonly log: Log;
}

/** A step that has been taken. */
interface Done {
  readonly key: string;
  readonly step: Step;
  readonly undo: readonly Action[];
}

/** Makes the device with its addresses, routes and nameservers, changes them, and takes them back. */
export class DeviceSetup {
  readonly #options: DeviceSetupOptions;
  #config: DeviceConfig;
  /** The latest first. */
  #done: readonly Done[] = [];
  #device: Device | undefined;

  constructor(options: DeviceSetupOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  /** Rejects with a DeviceError; nothing is changed then. */
  async up(): Promise<Device> {
    const { openTun, log } = this.#options;
    const { name, mtu } = this.#config;
    await undoLeftovers(this.#options);
    const device = openTun({ name, mtu, log });
    try {
      for (const step of this.#plan(this.#config, device)) {
        await this.#take(step, device);
      }
    } catch (error) {
      await this.#undoAll(device);
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

  /** Has other addresses, routes and nameservers on the device that is up; what the system refuses is logged. The MTU stays. */
  async change(wanted: DeviceConfig): Promise<void> {
    const device = this.#device;
    const config = { ...wanted, mtu: this.#config.mtu };
    const before = this.#config;
    this.#config = device === undefined ? wanted : config;
    if (device === undefined) return;
    const plan = this.#plan(config, device);
    const keys = new Set(plan.map((step) => keyOf(step, config)));
    const isAddress = this.#addressesOf([before, config], device);
    const gone = this.#done.filter(({ key }) => !keys.has(key));
    // Without an address a device may lose its routes, so that the new ones come before the old ones go.
    for (const done of gone) {
      if (!isAddress.has(done.key)) await this.#revoke(done, device);
    }
    for (const step of this.#plan(config, device)) {
      const key = keyOf(step, config);
      if (this.#done.some((done) => done.key === key)) continue;
      await this.#take(step, device).catch((error) => this.#tell(error));
    }
    const old = gone.filter(({ key }) => isAddress.has(key));
    for (const done of old) await this.#revoke(done, device);
    if (old.length > 0) await this.#repeat(device);
  }

  /** Takes everything back. */
  async down(): Promise<void> {
    const device = this.#device;
    this.#device = undefined;
    if (device === undefined) return;
    await this.#undoAll(device);
    await device[Symbol.asyncDispose]();
  }

  #plan(config: DeviceConfig, { name: device }: Device): readonly Step[] {
    const { system } = this.#options;
    return devicePlan(config, { system, device, readFile });
  }

  /** The keys of the steps for the addresses of these configurations. */
  #addressesOf(
    configs: readonly DeviceConfig[],
    device: Device,
  ): ReadonlySet<string> {
    return new Set(configs.flatMap((config) => {
      const bare = { ...config, routes: [], dns: [] };
      return this.#plan(bare, device).map((step) => keyOf(step, config));
    }));
  }

  /** Rejects with a DeviceError, and the step is undone then. */
  async #take(step: Step, { name: device }: Device): Promise<void> {
    const before = this.#undo();
    const undo = await executePlan([step], {
      log: this.#options.log,
      onUndo: (undo) =>
        this.#writeJournal({ device, undo: [...undo, ...before] }),
    });
    this.#done = [
      { key: keyOf(step, this.#config), step, undo },
      ...this.#done,
    ];
  }

  async #revoke(done: Done, { name: device }: Device): Promise<void> {
    const { log } = this.#options;
    this.#done = this.#done.filter((other) => other !== done);
    const { step, undo } = done;
    await undoAll(undo.length > 0 ? undo : revocationsOf(step), log);
    this.#writeJournal({ device, undo: this.#undo() });
  }

  /** With an address the system may have taken away other addresses and routes as well. */
  async #repeat(device: Device): Promise<void> {
    const { log } = this.#options;
    for (const { step, undo } of this.#done.toReversed()) {
      if (!("do" in step) || undo.length > 0) continue;
      await executePlan([step], { log }).catch(() => {
        log.debug("device.kept", { name: device.name });
      });
    }
  }

  /** What will have to be undone, in this order. */
  #undo(): readonly Action[] {
    return this.#done.flatMap(({ undo }) => undo);
  }

  async #undoAll({ name: device }: Device): Promise<void> {
    const undo = this.#undo();
    this.#done = [];
    await undoAll(undo, this.#options.log);
    this.#writeJournal({ device, undo: [] });
  }

  #tell(error: unknown): void {
    const { log } = this.#options;
    log.error("device.change", { reason: describe(error) });
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

/** Equal for steps that come to the same; the way to the nameservers depends on what is there at the time. */
function keyOf(step: Step, { dns }: DeviceConfig): string {
  return "do" in step ? identityOf(step.do) : `nameservers ${identityOf(dns)}`;
}

/** Where a step has left nothing to undo, because that goes with the device. */
function revocationsOf(step: Step): readonly Action[] {
  if ("do" in step) return step.revoke === undefined ? [] : [step.revoke];
  const [first = []] = step.ways;
  return first.flatMap(({ revoke }) => revoke ?? []);
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
