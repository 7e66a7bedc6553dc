import {
  BESIDE,
  BULK_OCTETS,
  BULK_PORT,
  CLOSED_PORT,
  DNS,
  GATEWAY,
  NAME,
  NOWHERE,
  WEB,
} from "./places.ts";
import { denoRun, isThere, type Lines, run, type Trial } from "./programs.ts";
import { formatSpeed, type Report, type Shown } from "./report.ts";

/** curl's exit code for "could not connect". */
const NO_CONNECTION = 7;

/** Where the flows come from, and how they look from the other end. */
export interface Stage {
  /** tungo's log. */
  readonly tungo: Lines;
  /** Runs a tool or, where it is missing, our stand-in for it, which has arguments of its own. */
  readonly attempt: (
    tool: readonly [Tool, ...string[]],
    standIn: readonly string[],
  ) => Promise<Trial>;
  /** Who asks, as the web servers see it. */
  readonly seen: { readonly farEnd: string; readonly machine: string };
  /** Whether the far end has a place that no route leads to. */
  readonly knowsUnreachable: boolean;
}

export type Tool = "curl" | "dig" | "ping";

/** Traffic of all kinds through the device, each flow with what tungo says of it. */
export async function showFlows(report: Report, stage: Stage): Promise<void> {
  await report.step("HTTP goes through the relay", () => through(stage));
  await report.step(
    "What the bypass names goes straight out",
    () => beside(stage),
  );
  await report.step(
    "DNS over UDP goes through the relay too",
    () => ask(stage),
  );
  await report.step(
    "A refused port is refused",
    () =>
      fails(stage, `${WEB}:${CLOSED_PORT}`, {
        said: "Connection refused",
        means:
          "a true RST, as without tungo: 5 is the far end's word for a refused port",
      }),
  );
  if (stage.knowsUnreachable) {
    await report.step(
      "An unreachable host is unreachable",
      () =>
        fails(stage, `${NOWHERE}:80`, {
          said: "No route to host",
          means:
            "the far end has no route there, and the program hears it at once",
        }),
    );
  }
  await report.step("The gateway answers ping", () => ping(stage));
  await report.step("A bulk download", () => bulk(stage));
}

/** Runs what is installed, and says for what a small client of ours stands in. */
export async function realPrograms(report: Report): Promise<Stage["attempt"]> {
  const missing: Tool[] = [];
  for (const tool of ["curl", "dig", "ping"] as const) {
    if (!await isThere(tool)) missing.push(tool);
  }
  if (missing.length > 0) {
    const names = missing.join(" and ");
    report.note(`    (${names} not found: a small client of ours stands in)\n`);
  }
  return async (tool, standIn) =>
    missing.includes(tool[0])
      ? {
        command: `deno run -A scripts/demo/client.ts ${standIn.join(" ")}`,
        ...await run([...denoRun("./client.ts"), ...standIn]),
      }
      : { command: tool.join(" "), ...await run(tool) };
}

function http({ attempt }: Stage, url: string): Promise<Trial> {
  return attempt(["curl", "-sS", url], ["http", url]);
}

interface Verdict {
  /** The destination of the flow, whose line is waited for when all is well so far. */
  readonly dst: string;
  /** What of the program's output is worth seeing; all of it where this is missing. */
  readonly output?: string | undefined;
  readonly means: string;
  readonly problem: string | undefined;
  /** How the way it took must begin. */
  readonly via?: string;
}

async function judge(
  { tungo }: Stage,
  { command, stdout, stderr }: Trial,
  { dst, output = stdout + stderr, means, problem, via = "" }: Verdict,
): Promise<Shown> {
  if (problem !== undefined) return { command, output, means, problem };
  const line = await tungo.line("flow.close", { dst });
  const right = String(line["via"]).startsWith(via);
  const way = `Expected the way to begin with "${via}"`;
  return { command, output, means, line, problem: right ? undefined : way };
}

async function through(stage: Stage): Promise<Shown> {
  const { farEnd, machine } = stage.seen;
  const trial = await http(stage, `http://${WEB}/`);
  return await judge(stage, trial, {
    dst: `${WEB}:80`,
    means: farEnd === machine
      ? "all is on loopback here, so `via` alone tells the way"
      : `the web server has seen the far end (${farEnd})`,
    problem: expect(trial.stdout, `You come from ${farEnd}\n`),
    via: "relay+wss ",
  });
}

async function beside(stage: Stage): Promise<Shown> {
  const { farEnd, machine } = stage.seen;
  const trial = await http(stage, `http://${BESIDE}/`);
  return await judge(stage, trial, {
    dst: `${BESIDE}:80`,
    means: farEnd === machine
      ? "`via` says direct, and `why` which pattern has decided it"
      : `the web server has seen this machine (${machine})`,
    problem: expect(trial.stdout, `You come from ${machine}\n`),
    via: "direct ",
  });
}

async function ask(stage: Stage): Promise<Shown> {
  const trial = await stage.attempt(
    ["dig", "+short", `@${DNS}`, NAME],
    ["dns", DNS, NAME],
  );
  return await judge(stage, trial, {
    dst: `${DNS}:53`,
    means: "not only TCP; a UDP session's line comes when it has been still",
    problem: expect(trial.stdout, `${WEB}\n`),
    via: "relay+wss ",
  });
}

/** The program hears from its own system what the far end has found. */
async function fails(
  stage: Stage,
  dst: string,
  { said, means }: { readonly said: string; readonly means: string },
): Promise<Shown> {
  const url = `http://${dst}/`;
  const trial = await stage.attempt(["curl", "-v", url], ["http", url]);
  const row = trial.stderr.split("\n").find((row) => row.includes(said));
  return await judge(stage, trial, {
    dst,
    output: row,
    means,
    problem: expect(trial.code, NO_CONNECTION) ??
      (row === undefined ? `Expected "${said}"` : undefined),
  });
}

async function ping({ attempt }: Stage): Promise<Shown> {
  const { command, code, stdout, stderr } = await attempt(
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

async function bulk(stage: Stage): Promise<Shown> {
  const dst = `${WEB}:${BULK_PORT}`;
  const url = `http://${dst}/`;
  const format = "%{size_download} %{time_total}";
  const trial = await stage.attempt(
    ["curl", "-sS", "-o", "/dev/null", "-w", format, url],
    ["bulk", url],
  );
  const [octets = 0, seconds = 0] = trial.stdout.split(" ").map(Number);
  const command = trial.command.replace(format, `"${format}"`);
  return await judge(stage, { ...trial, command }, {
    dst,
    means: `${formatSpeed(octets, seconds)}, with all programs on this machine`,
    problem: expect(octets, BULK_OCTETS),
    via: "relay+wss ",
  });
}

function expect<T>(actual: T, expected: T): string | undefined {
  return actual === expected
    ? undefined
    : `Expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`;
}
