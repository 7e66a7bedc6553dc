import { openPlatform, type Platform } from "../../ffi/mod.ts";
import { type App, buildApp } from "../../src/app/app.ts";
import { ConfigSources } from "../../src/app/load_config.ts";
import { createLog } from "../../src/app/log_sink.ts";
import { systemClock } from "../../src/app/system_clock.ts";
import type { SocketOptions } from "../../src/base/socket.ts";
import { formatProblem } from "../../src/config/problems.ts";
import { createDevicePair } from "../../src/device/memory.ts";
import { encodeDnsQuery, parseDnsAnswer } from "../../src/proto/dns.ts";
import { showFlows } from "./flows.ts";
import { MemoryMachine } from "./memory_machine.ts";
import * as places from "./places.ts";
import { Lines, type Trial } from "./programs.ts";
import type { Report } from "./report.ts";
import { serveBulk, serveDns, serveWeb } from "./server.ts";

const LOOPBACK = "127.0.0.1";
const ANY = { hostname: LOOPBACK, port: 0 };

/** The demo in one process: the servers and the far end on loopback, and programs that are a stack of ours on a device in memory. */
export async function showInMemory(report: Report): Promise<void> {
  await using end = new AsyncDisposableStack();
  const platform = end.use(openPlatform());
  const beyond = reach(platform, await startServers(end));
  const [here, there] = createDevicePair({ mtu: 1420, offload: OFFLOAD });
  const farEndLog = new Log();
  const farEndUrl = `relay+wss://demo:demo@${LOOPBACK}:${freePort()}`;
  await start({ L: [farEndUrl] }, beyond, farEndLog, end);
  await farEndLog.lines.line("service.listen");

  const log = new Log();
  const service = `tungo://:0?gw=${places.GATEWAY}&sniffing.udp=true` +
    "&udpTimeout=1s";
  const hop = `${farEndUrl}?bypass=${places.BYPASS}`;
  const device = { ...beyond, openTun: () => there };
  await start({ L: [service], F: [hop] }, device, log, end);
  report.text(`  far end   tungo -L "${farEndUrl}"`);
  report.text(`  tungo     tungo -L "${service}" \\`);
  report.text(`                  -F "${hop}"\n`);
  const machine = new MemoryMachine(here);
  const running = machine.run();
  end.defer(async () => {
    await here[Symbol.asyncDispose]();
    await running;
  });
  await showFlows(report, {
    tungo: log.lines,
    attempt: (_, standIn) => attempt(machine, standIn),
    seen: { farEnd: LOOPBACK, machine: LOOPBACK },
    knowsUnreachable: false,
  });
}

const OFFLOAD = { tcp: true, udp: true, checksum: true };

/** Servers on loopback; resolves with the port where each of the demo's places is to be found. */
async function startServers(
  end: AsyncDisposableStack,
): Promise<ReadonlyMap<string, number>> {
  const http = (server: Deno.HttpServer<Deno.NetAddr>): number => {
    end.defer(() => server.shutdown());
    return server.addr.port;
  };
  const dns = end.use(await serveDns(ANY));
  return new Map([
    [`${places.WEB}:80`, http(serveWeb(ANY))],
    [`${places.BESIDE}:80`, http(serveWeb(ANY))],
    [`${places.WEB}:${places.BULK_PORT}`, http(serveBulk(ANY))],
    [`${places.WEB}:${places.CLOSED_PORT}`, freePort()],
    [`${places.DNS}:53`, dns.port],
  ]);
}

/** Where nobody listens. */
function freePort(): number {
  using listener = Deno.listen(ANY);
  return listener.addr.port;
}

/** The platform in a world where the demo's places lie on loopback. */
function reach(
  platform: Platform,
  ports: ReadonlyMap<string, number>,
): Platform {
  const there = (options: SocketOptions): SocketOptions => {
    const port = ports.get(`${options.host}:${options.port}`);
    if (port === undefined) return options;
    const { mark: _mark, interface: _interface, ...rest } = options;
    return { ...rest, host: LOOPBACK, port };
  };
  return {
    ...platform,
    openSocket: (options) => platform.openSocket(there(options)),
    openUdp: (options) => platform.openUdp(there(options)),
  };
}

/** A whole tungo in this process. */
async function start(
  { L, F = [] }: { readonly L: string[]; readonly F?: string[] },
  platform: Platform,
  { sink }: Log,
  end: AsyncDisposableStack,
): Promise<void> {
  const command = { L, F, D: false, DD: false };
  const sources = new ConfigSources({ command, sources: [], environment: {} });
  const { config, errors } = await sources.load();
  if (config === undefined) throw new Error(errors.map(formatProblem).join());
  const app: App = await buildApp({
    config,
    platform,
    clock: systemClock(),
    log: sink,
  });
  end.defer(() => app.stop());
  await app.start();
}

/** A log of tungo's, and its lines. */
class Log {
  readonly #octets = new TransformStream<string, string>();
  readonly #writer = this.#octets.writable.getWriter();
  readonly lines = new Lines(
    this.#octets.readable.pipeThrough(new TextEncoderStream()),
  );
  readonly sink = createLog({
    level: "info",
    format: "json",
    write: (line) => void this.#writer.write(line),
    now: () => new Date(),
  });
}

/** What a program would have said. */
async function attempt(
  machine: MemoryMachine,
  standIn: readonly string[],
): Promise<Trial> {
  const command = `(our stack) ${standIn.join(" ")}`;
  try {
    const stdout = await act(machine, standIn);
    return { command, code: 0, stdout, stderr: "" };
  } catch (error) {
    const { message } = error as Error;
    const refused = message.includes("has reset the connection");
    return refused
      ? { command, code: 7, stdout: "", stderr: "Connection refused" }
      : { command, code: 1, stdout: "", stderr: message };
  }
}

async function act(
  machine: MemoryMachine,
  [what, where = "", name = ""]: readonly string[],
): Promise<string> {
  switch (what) {
    case "http": {
      let text = "";
      await machine.get(where, (octets) => {
        text += new TextDecoder().decode(octets);
      });
      return text;
    }
    case "bulk": {
      const start = performance.now();
      let count = 0;
      await machine.get(where, ({ length }) => count += length);
      return `${count} ${((performance.now() - start) / 1000).toFixed(3)}\n`;
    }
    case "dns": {
      const query = encodeDnsQuery({ id: 1, name, type: "A" });
      if (query instanceof Error) throw query;
      const answer = parseDnsAnswer(await machine.ask(where, 53, query));
      if (answer instanceof Error) throw answer;
      return `${answer.addresses.join("\n")}\n`;
    }
    case "ping":
      await machine.ping(where);
      return `8 bytes from ${where}`;
    default:
      throw new Error(`Cannot do "${what}"`);
  }
}
