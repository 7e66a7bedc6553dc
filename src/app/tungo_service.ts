import { assert } from "../base/assert.ts";
import { describe } from "../base/errors.ts";
import type { ServiceConfig, TungoServiceConfig } from "../config/schema.ts";
import type { Log } from "../base/log.ts";
import type { Device } from "../device/device.ts";
import type { Flow } from "../flow/flow.ts";
import { createStack, type Stack } from "../stack/stack.ts";
import type { PendingSyn } from "../stack/tcp/pending_syn.ts";
import type { UdpSession } from "../stack/udp_session.ts";
import { formatAddress } from "../wire/address.ts";
import type { Offload } from "../wire/packet_buffer.ts";
import { Carried } from "./carried.ts";
import type { Context } from "./context.ts";
import { broadcastOf, gatewayIn } from "./device_addresses.ts";
import { describeStack } from "./describe_stack.ts";
import { DeviceSetup } from "./device_setup.ts";
import { Driver } from "./driver.ts";
import { hooksOf } from "./hooks.ts";
import { OwnPackets } from "./own_packets.ts";
import { buildPipeline, type Pipeline, pipelineOf } from "./pipeline.ts";
import type { Change, Service } from "./service.ts";
import { tcpFlow } from "./tcp_flow.ts";
import { udpFlow } from "./udp_flow.ts";

/** Before a device that was deleted is made again. */
const REBUILD_DELAY = 1000;

/** What a machine that sleeps and wakes loses at least: below it the clocks are only out of step. */
const SLEEP = 1000;

/** Applications' flows from a TUN device. Rejects with a ConfigError. */
export async function buildTungoService(
  config: TungoServiceConfig,
  context: Context,
  onFatal: (error: unknown) => void,
): Promise<Service> {
  const carried = new Carried();
  const pipeline = await buildPipeline(pipelineOf(config), context, carried);
  return new TungoService({ config, context, pipeline }, carried, onFatal);
}

/** What a service goes by until another configuration takes its place. */
interface Rules {
  readonly config: TungoServiceConfig;
  readonly context: Context;
  readonly pipeline: Pipeline;
}

class TungoService implements Service {
  #config: TungoServiceConfig;
  #context: Context;
  #pipeline: Pipeline;
  readonly #carried: Carried;
  readonly #gateways = new Set<string>();
  readonly #broadcasts = new Set<number>();
  readonly #onFatal: (error: unknown) => void;
  readonly #setup: DeviceSetup;
  readonly #ownPackets: OwnPackets;
  #driver: Driver | undefined;
  #closed = false;
  #stopped = false;
  #sleepTime: number;

  constructor(
    { config, context, pipeline }: Rules,
    carried: Carried,
    onFatal: (error: unknown) => void,
  ) {
    const { platform, log, instruments } = context;
    this.#config = config;
    this.#context = context;
    this.#pipeline = pipeline;
    this.#carried = carried;
    this.#onFatal = onFatal;
    this.#sleepTime = platform.sleepTime();
    this.#ownPackets = new OwnPackets(
      () => this.#driver?.stack.countDrop("own packet"),
      onFatal,
    );
    this.#setup = new DeviceSetup({
      config: config.device,
      openTun: (options) => instruments.on(platform.openTun(options)),
      system: platform.system,
      log,
    });
  }

  async start(): Promise<void> {
    const device = await this.#setup.up();
    this.#context.network.addDevice(device.name);
    const driver = new Driver({
      clock: this.#context.clock,
      createStack: (onDirty) => this.#createStack(device, onDirty),
      onBurst: () => this.#noticeSleep(),
    });
    this.#driver = driver;
    await this.#hooks(device, "preUp");
    this.#keepRunning(driver, device).catch(this.#onFatal);
    await this.#announce(device);
  }

  async prepare(config: ServiceConfig, context: Context): Promise<Change> {
    assert(config.type === "tungo", "a service stays of its type");
    const carried = this.#carried;
    const pipeline = await buildPipeline(pipelineOf(config), context, carried);
    return () => this.#change({ config, context, pipeline });
  }

  async #change({ config, context, pipeline }: Rules): Promise<void> {
    const before = this.#config;
    this.#config = config;
    this.#context = context;
    this.#pipeline = pipeline;
    const ended = await this.#carried.moveTo(pipeline, {
      ...{ flows: context.flows, onReload: config.onReload },
    });
    await this.#setup.change(config.device);
    this.#noteAddresses();
    tellOfKept(before, config, context.log);
    context.log.info("service.reload", { service: config.name, ended });
  }

  close(): Promise<void> {
    this.#closed = true;
    const device = this.#setup.device();
    return device === undefined
      ? Promise.resolve()
      : this.#hooks(device, "preDown");
  }

  endFlows(): void {
    // Without the device none of them can finish.
    const reason = new Error("The service is gone since the reload");
    this.#context.flows.abortAll(reason, this);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#driver?.flush();
    const device = this.#setup.device();
    await this.#setup.down();
    this.#driver?.stop();
    if (device !== undefined) await this.#hooks(device, "postDown");
  }

  dump(): string {
    const stack = this.#driver?.stack;
    return stack === undefined ? "" : describeStack(this.#config.name, stack);
  }

  /** A device that somebody deletes is made again; the flows live on in the stack. */
  async #keepRunning(driver: Driver, first: Device): Promise<void> {
    const { log } = this.#context;
    for (let device: Device | undefined = first;;) {
      if (device !== undefined) {
        await driver.run(device);
        if (this.#stopped) return;
        log.warn("device.lost", { name: device.name });
        await this.#setup.down();
      }
      await new Promise((resolve) => setTimeout(resolve, REBUILD_DELAY));
      if (this.#stopped) return;
      device = await this.#rebuild();
    }
  }

  async #rebuild(): Promise<Device | undefined> {
    const { log } = this.#context;
    try {
      const device = await this.#setup.up();
      await this.#hooks(device, "preUp");
      // Nothing is read from it before the hooks have run, but they may need no more than that it is there.
      queueMicrotask(() => void this.#announce(device));
      return device;
    } catch (error) {
      log.error("device.rebuild", { reason: describe(error) });
      return undefined;
    }
  }

  /** The device is served already while its hooks run. */
  async #announce(device: Device): Promise<void> {
    const { log, network } = this.#context;
    const { addresses, mtu } = this.#config.device;
    const { name, offload } = device;
    log.info("service.device", {
      service: this.#config.name,
      name,
      mtu,
      addresses: addresses.map(({ address }) => formatAddress(address)).join(),
      offload: formatOffload(offload),
    });
    await this.#hooks(device, "postUp");
    network.warnOfLeak(name);
  }

  #hooks(
    device: Device,
    stage: "preUp" | "postUp" | "preDown" | "postDown",
  ): Promise<void> {
    const { addresses, mtu } = this.#config.device;
    const [first] = addresses;
    const environment = {
      TUN_NAME: device.name,
      TUN_IP: first === undefined ? "" : formatAddress(first.address),
      TUN_MTU: String(mtu),
    };
    const run = hooksOf(this.#config.hooks, environment, this.#context.log);
    return run(stage);
  }

  #createStack({ mtu, offload }: Device, onDirty: () => void): Stack {
    const { udpTimeout } = this.#config;
    this.#noteAddresses();
    return createStack({
      mtu,
      offload,
      random: this.#context.random,
      echo: () => this.#config.icmp,
      gateways: this.#gateways,
      broadcasts: this.#broadcasts,
      udpTimeout,
      onSyn: (syn) => this.#onSyn(syn),
      onSession: (session) => this.#onSession(session),
      onDirty,
    });
  }

  /** For the stack, which looks at them when it needs them. */
  #noteAddresses(): void {
    const { addresses, gateway } = this.#config.device;
    const gateways = gateway === undefined
      ? addresses.map(gatewayIn).filter((address) => address !== undefined)
      : [gateway];
    const broadcasts = addresses.map(broadcastOf)
      .filter((address) => address !== undefined);
    this.#gateways.clear();
    for (const address of gateways) this.#gateways.add(formatAddress(address));
    this.#broadcasts.clear();
    for (const address of broadcasts) this.#broadcasts.add(address);
  }

  #onSyn(syn: PendingSyn): void {
    const { flows } = this.#context;
    if (this.#closed || this.#ownPackets.isOne("tcp", syn.key, this.#context)) {
      syn.reject("silent");
      return;
    }
    this.#run(tcpFlow(syn, flows.open(this)));
  }

  #onSession(session: UdpSession): void {
    const { flows } = this.#context;
    if (
      this.#closed || this.#ownPackets.isOne("udp", session.key, this.#context)
    ) {
      session.reject("silent");
      return;
    }
    const { udpBufferSize } = this.#config;
    this.#run(udpFlow(session, flows.open(this), udpBufferSize));
  }

  #run(flow: Flow): void {
    const { flows, instruments } = this.#context;
    const { handle } = this.#pipeline;
    void instruments.watch(flow, (flow) => flows.run(flow, handle));
  }

  #noticeSleep(): void {
    const { platform, network, log } = this.#context;
    const slept = platform.sleepTime();
    if (slept - this.#sleepTime > SLEEP) {
      log.info("machine.wake", { ms: Math.round(slept - this.#sleepTime) });
      network.dropAll();
    }
    this.#sleepTime = slept;
  }
}

function formatOffload({ tcp, udp, checksum }: Offload): string {
  const on = Object.entries({ tcp, udp, checksum }).filter(([, is]) => is);
  return on.length === 0 ? "none" : on.map(([name]) => name).join();
}

/** Says what of a new configuration a device and a stack that stay cannot take over. */
function tellOfKept(
  before: TungoServiceConfig,
  now: TungoServiceConfig,
  log: Log,
): void {
  const what = [
    ...(before.device.mtu === now.device.mtu ? [] : ["mtu"]),
    ...(before.udpTimeout === now.udpTimeout ? [] : ["udpTimeout"]),
  ];
  if (what.length === 0) return;
  log.warn("service.kept", {
    service: now.name,
    what: what.join(),
    remedy: "It stays as it is until the program is started anew",
  });
}
