import {
  BESIDE,
  BULK_OCTETS,
  BULK_PORT,
  CLOSED_PORT,
  DNS,
  GATEWAY,
  MACHINE,
  NAME,
  NOWHERE,
  SERVER,
  WEB,
} from "./places.ts";
import {
  denoRun,
  type Finished,
  isThere,
  type Logging,
  run,
} from "./programs.ts";
import { formatSpeed, type Report, type Shown } from "./report.ts";

/** curl's exit code for "could not connect". */
const NO_CONNECTION = 7;

/** Real programs' traffic through the TUN, each flow with what tungo says of it. */
export async function showFlows(report: Report, tungo: Logging): Promise<void> {
  const tools = await findTools(report);
  const flow = { tungo, tools };
  await report.step("HTTP goes through the relay", () => through(flow));
  await report.step(
    "What the bypass names goes straight out",
    () => beside(flow),
  );
  await report.step(
    "DNS over UDP goes through the relay too",
    () => ask(flow),
  );
  await report.step(
    "A refused port is refused",
    () =>
      fails(flow, `${WEB}:${CLOSED_PORT}`, {
        said: "Connection refused",
        means:
          "a true RST, as without tungo: 5 is the far end's word for a refused port",
      }),
  );
  await report.step(
    "An unreachable host is unreachable",
    () =>
      fails(flow, `${NOWHERE}:80`, {
        said: "No route to host",
        means:
          "the far end has no route there, and the program hears it at once",
      }),
  );
  await report.step("The gateway answers ping", () => ping(flow));
  await report.step("A bulk download", () => bulk(flow));
}

type Tool = "curl" | "dig" | "ping";

interface Context {
  readonly tungo: Logging;
  /** Those that are installed. */
  readonly tools: ReadonlySet<Tool>;
}

async function findTools(report: Report): Promise<ReadonlySet<Tool>> {
  const tools = new Set<Tool>();
  const missing: Tool[] = [];
  for (const tool of ["curl", "dig", "ping"] as const) {
    if (await isThere(tool)) tools.add(tool);
    else missing.push(tool);
  }
  if (missing.length > 0) {
    const names = missing.join(" and ");
    report.note(`    (${names} not found: a small client of ours stands in)\n`);
  }
  return tools;
}

interface Trial extends Finished {
  readonly command: string;
}

/** Runs the tool, or our stand-in for it with arguments of its own. */
async function attempt(
  { tools }: Context,
  tool: readonly [Tool, ...string[]],
  standIn: readonly string[],
): Promise<Trial> {
  if (tools.has(tool[0])) {
    return { command: tool.join(" "), ...await run(tool) };
  }
  const finished = await run([...denoRun("./client.ts"), ...standIn]);
  return {
    command: `deno run -A scripts/demo/client.ts ${standIn.join(" ")}`,
    ...finished,
  };
}

function http(context: Context, url: string): Promise<Trial> {
  return attempt(context, ["curl", "-sS", url], ["http", url]);
}

async function through(context: Context): Promise<Shown> {
  const { command, stdout, stderr } = await http(context, `http://${WEB}/`);
  return {
    command,
    output: stdout + stderr,
    means: `the web server has seen the far end (${SERVER})`,
    line: await context.tungo.line("flow.close", { dst: `${WEB}:80` }),
    problem: expect(stdout, `You come from ${SERVER}\n`),
  };
}

async function beside(context: Context): Promise<Shown> {
  const { command, stdout, stderr } = await http(context, `http://${BESIDE}/`);
  return {
    command,
    output: stdout + stderr,
    means: `the web server has seen this machine (${MACHINE})`,
    line: await context.tungo.line("flow.close", { dst: `${BESIDE}:80` }),
    problem: expect(stdout, `You come from ${MACHINE}\n`),
  };
}

async function ask(context: Context): Promise<Shown> {
  const { command, stdout, stderr } = await attempt(
    context,
    ["dig", "+short", `@${DNS}`, NAME],
    ["dns", DNS, NAME],
  );
  return {
    command,
    output: stdout + stderr,
    means: "UDP works, not only TCP; its line comes when the session is over",
    line: await context.tungo.line("flow.close", { dst: `${DNS}:53` }),
    problem: expect(stdout, `${WEB}\n`),
  };
}

/** The program hears from its own system what the far end has found. */
async function fails(
  context: Context,
  where: string,
  { said, means }: { readonly said: string; readonly means: string },
): Promise<Shown> {
  const url = `http://${where}/`;
  const { command, code, stderr } = await attempt(
    context,
    ["curl", "-v", url],
    ["http", url],
  );
  const row = stderr.split("\n").find((row) => row.includes(said));
  return {
    command,
    output: row ?? stderr,
    means,
    line: await context.tungo.line("flow.close", { dst: where }),
    problem: expect(code, NO_CONNECTION) ?? expect(row !== undefined, true),
  };
}

async function ping(context: Context): Promise<Shown> {
  const { command, code, stdout, stderr } = await attempt(
    context,
    ["ping", "-c", "1", "-W", "5", GATEWAY],
    ["ping", GATEWAY],
  );
  const reply = stdout.split("\n").find((row) => row.includes("bytes from"));
  return {
    command,
    output: reply ?? stdout + stderr,
    means: "tungo's own answer: it is up. It answers for no other address",
    problem: expect(code, 0),
  };
}

async function bulk(context: Context): Promise<Shown> {
  const where = `${WEB}:${BULK_PORT}`;
  const url = `http://${where}/`;
  const format = "%{size_download} %{time_total}";
  const { command, stdout, stderr } = await attempt(
    context,
    ["curl", "-sS", "-o", "/dev/null", "-w", format, url],
    ["bulk", url],
  );
  const [octets = 0, seconds = 0] = stdout.split(" ").map(Number);
  return {
    command: command.replace(format, `"${format}"`),
    output: stdout + stderr,
    means: `${formatSpeed(octets, seconds)}, with all programs on this machine`,
    line: await context.tungo.line("flow.close", { dst: where }),
    problem: expect(octets, BULK_OCTETS),
  };
}

function expect<T>(actual: T, expected: T): string | undefined {
  return actual === expected
    ? undefined
    : `Expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`;
}
