import { showInMemory } from "./demo/in_memory.ts";
import { type Missing, unshare, whatIsMissing } from "./demo/needs.ts";
import { denoRun, must, tungoCommand } from "./demo/programs.ts";
import { openReport, type Report } from "./demo/report.ts";

/**
 * tungo at work, in half a minute and without a network: `deno task demo`. On Linux in namespaces of its own, with real
 * programs; elsewhere on a device in memory. The variable TUNGO names an executable to be shown in place of the sources.
 * Exit code 0 when every step was as it should be, 77 where an executable cannot be shown, 1 otherwise.
 */
if (import.meta.main) main().then(Deno.exit);

/** What tests that could not run exit with, by an old custom. */
const SKIPPED = 77;

const PICTURE = `
  programs --> TUN device --> tungo ==== relay+wss ====> far end --> web, DNS
               (its own TCP/IP stack)                    (tungo too)`;

async function main(): Promise<number> {
  const report = openReport();
  const start = performance.now();
  const missing = await whatIsMissing();
  await report.step("tungo starts", async () => ({
    command: "tungo -V",
    // Everything that it imports is in the cache afterwards.
    output: await must([...withNetwork(tungoCommand()), "-V"]),
    means: Deno.env.has("TUNGO") ? "the executable" : "from the sources",
  }));
  if (report.failed().length > 0) return 1;
  if (missing !== undefined) sayWhatIsMissing(report, missing);
  if (missing !== undefined && Deno.env.has("TUNGO")) {
    report.text("Without it the executable that TUNGO names cannot be shown.");
    return SKIPPED;
  }
  report.text(PICTURE);
  const inside = missing === undefined
    ? await inNamespaces(report)
    : await inMemory(report);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const ok = inside && report.failed().length === 0;
  if (ok) showUse(report);
  const result = ok ? "All as it should be" : "Something failed, see above";
  report.title(`${result}. ${seconds} s`);
  return ok ? 0 : 1;
}

/** What is not in the cache yet may be loaded, for the last time. */
function withNetwork(command: readonly string[]): readonly string[] {
  return command.filter((word) => word !== "--cached-only");
}

async function inNamespaces(report: Report): Promise<boolean> {
  report.note(
    "\n  Left of it is one network namespace, right of it another: your network is not touched.",
  );
  const [command = "", ...args] = unshare(Deno.uid());
  const child = new Deno.Command(command, {
    args: [...args, ...denoRun("./in_namespaces.ts")],
    // Deno asks for its newest version otherwise, through the TUN.
    env: { DENO_NO_UPDATE_CHECK: "1" },
    // Held open as long as we live.
    stdin: "piped",
  }).spawn();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, async () => {
      // It takes all that it has started with it.
      child.kill("SIGKILL");
      await child.status;
      Deno.exit(130);
    });
  }
  return (await child.status).success;
}

function sayWhatIsMissing(report: Report, { what, remedy }: Missing): void {
  report.title(`A real device cannot be shown here. Missing: ${what}`);
  report.text(`To see it: ${remedy}.`);
}

async function inMemory(report: Report): Promise<boolean> {
  report.note(
    "\n  The TUN is one in memory, the programs are our stack on its other side, the rest is on loopback.\n",
  );
  try {
    await showInMemory(report);
  } catch (error) {
    await report.step("bring it up", () => Promise.reject(error));
  }
  return report.failed().length === 0;
}

/** For those who want it now. */
function showUse(report: Report): void {
  const main = "npx -y deno@2.9.6 run -A main.ts";
  report.title("The same with your own server and your own machine");
  report.text(`  on the server     ${main} -L "relay+wss://user:pass@:8443"
  on your machine   sudo ${main} \\
                      -L "tungo://:0?net=192.168.123.1/24,fd00:123::1/64&dns=1.1.1.1&route=0.0.0.0/0,::/0" \\
                      -F "relay+wss://user:pass@SERVER:8443"

  Ctrl-C there, and everything is as before. A GOST server will do as well.`);
}
