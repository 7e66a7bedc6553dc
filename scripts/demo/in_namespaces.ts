import { layNetwork } from "./network.ts";
import {
  BYPASS,
  DEVICE_NET,
  FAR_END,
  FAR_END_PORT,
  MACHINE,
  SERVER,
} from "./places.ts";
import { denoRun, must, startLogging, tungoCommand } from "./programs.ts";
import { formatLine, openReport, type Report, wrap } from "./report.ts";
import { realPrograms, showFlows } from "./flows.ts";

/** The demo as root of namespaces of its own; see `unshare`. Exit code 0 when every step was as it should be. */
if (import.meta.main) {
  endWithParent();
  main().then(Deno.exit);
}

/** How to start tungo here: the device takes everything but what the bypass leaves out. */
const SERVICE = `tungo://:0?net=${DEVICE_NET}&route=0.0.0.0/0&interface=eth0` +
  "&sniffing.udp=true&udpTimeout=1s";
const HOP =
  `relay+wss://demo:demo@${SERVER}:${FAR_END_PORT}?interface=eth0&bypass=${BYPASS}`;

async function main(): Promise<number> {
  const report = openReport();
  try {
    const there = await layNetwork();
    await play(report, there);
  } catch (error) {
    await report.step("bring it up", () => Promise.reject(error));
  }
  return report.failed().length === 0 ? 0 : 1;
}

async function play(report: Report, there: readonly string[]): Promise<void> {
  const before = await must(["ip", "route"]);
  const server = new Deno.Command(there[0] ?? "", {
    args: [...there.slice(1), ...denoRun("./server.ts")],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const farEnd = startLogging([...there, ...tungoCommand(), "-L", FAR_END]);
  await farEnd.lines.line("service.listen");
  const ready = await server.stdout.getReader().read();
  if (ready.done) throw new Error("The demo's own servers do not start");
  const tungo = startLogging([
    ...[...tungoCommand(), "-L", SERVICE, "-F", HOP],
  ]);
  const up = await tungo.lines.line("service.device");

  report.title("1. Two programs: the far end on the server, tungo here");
  report.text(`    server$ tungo -L "${FAR_END}"`);
  report.text(`    here#   tungo -L "${SERVICE}" \\`);
  report.text(`                  -F "${HOP}"`);
  for (const row of wrap(formatLine(up))) report.note(`    ${row}`);

  report.title(
    "2. Programs that know nothing of it, and tungo's line for each",
  );
  await showFlows(report, {
    tungo: tungo.lines,
    attempt: await realPrograms(report),
    seen: { farEnd: SERVER, machine: MACHINE },
    knowsUnreachable: true,
  });

  report.title("3. Ctrl-C");
  await report.step("tungo stops, and the routes are as before", async () => {
    const code = await tungo.stop();
    const after = await must(["ip", "route"]);
    const same = after === before;
    return {
      command: "ip route",
      output: after,
      means: `exit code ${code}, nothing left behind`,
      problem: code === 0 && same ? undefined : `Before it was:\n${before}`,
    };
  });
}

/** Our namespaces and all that runs in them end with this process: when somebody kills the one that started us, we go too. */
async function endWithParent(): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => Deno.exit(130));
  }
  while (await Deno.stdin.read(new Uint8Array(1)) !== null);
  Deno.exit(130);
}
