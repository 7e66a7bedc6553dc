/** Runs the benches and compares them with what they were; `--update` makes a new baseline. Exits with 1 where one has become slower. */
import { type Bench, compare, readReport } from "./bench/compare.ts";

const BASELINE = new URL("../tests/bench/baseline.json", import.meta.url);

main(Deno.args).then(Deno.exit);

async function main(args: readonly string[]): Promise<0 | 1> {
  const report = await runBenches();
  const benches = readReport(report);
  if (args.includes("--update")) {
    await Deno.writeTextFile(BASELINE, format(benches));
    say(`${benches.length} figures are the baseline now`);
    return 0;
  }
  const baseline: Bench[] = JSON.parse(await Deno.readTextFile(BASELINE));
  const { lines, slower } = compare(baseline, benches);
  for (const line of lines) say(line);
  return slower === 0 ? 0 : 1;
}

async function runBenches(): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["bench", "--frozen", "-A", "--json", "tests/bench"],
    stderr: "inherit",
  });
  const { success, stdout } = await command.output();
  if (!success) throw new Error("The benches do not run");
  return new TextDecoder().decode(stdout);
}

function format(benches: readonly Bench[]): string {
  return `${JSON.stringify(benches, null, 2)}\n`;
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
