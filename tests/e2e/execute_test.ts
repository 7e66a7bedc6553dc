import { assert, assertEquals, assertRejects } from "@std/assert";
import { executePlan, runHooks, undoAll } from "../../src/app/execute.ts";
import { DeviceError } from "../../src/base/errors.ts";
import type { Action, Change, Step } from "../../src/system/plan.ts";
import { netnsTest } from "../support/netns.ts";
import { recordingLog } from "../support/recording_log.ts";
import { silentLog } from "../support/silent_log.ts";

/** Appends a word to the file. */
function append(file: string, word: string): Action {
  return { run: ["sh", "-c", `echo ${word} >> ${file}`] };
}

function addition(file: string, word: string): Change {
  return { do: append(file, word), undo: append(file, `-${word}`) };
}

const FAILURE: Change = { do: { run: ["sh", "-c", "echo Oh no >&2; exit 3"] } };

async function inTemporaryFile(
  test: (file: string) => Promise<void>,
): Promise<void> {
  const file = await Deno.makeTempFile();
  try {
    await test(file);
  } finally {
    await Deno.remove(file).catch(() => {});
  }
}

async function words(file: string): Promise<string> {
  return (await Deno.readTextFile(file)).replaceAll("\n", " ").trim();
}

Deno.test("executePlan does the steps in order, and its undo goes back", async () => {
  await inTemporaryFile(async (file) => {
    const steps = [
      addition(file, "a"),
      { do: append(file, "b") },
      addition(file, "c"),
    ];
    const undo = await executePlan(steps, { log: silentLog });
    assertEquals(await words(file), "a b c");
    await undoAll(undo, silentLog);
    assertEquals(await words(file), "a b c -c -a");
  });
});

Deno.test("executePlan undoes all and says why when a step fails", async () => {
  await inTemporaryFile(async (file) => {
    const steps = [
      addition(file, "a"),
      addition(file, "b"),
      FAILURE,
      addition(file, "c"),
    ];
    const error = await assertRejects(
      () => executePlan(steps, { log: silentLog }),
      DeviceError,
      'Cannot run "sh -c echo Oh no >&2; exit 3" (exit code 3): Oh no',
    );
    assertEquals([error.syscall, error.errno], ["sh", "exit code 3"]);
    assertEquals(await words(file), "a b -b -a");
  });
});

Deno.test("executePlan tells before each change what would undo it", async () => {
  await inTemporaryFile(async (file) => {
    const told: number[] = [];
    const onUndo = (undo: readonly Action[]) => told.push(undo.length);
    const way = [addition(file, "b"), FAILURE];
    const steps: Step[] = [
      addition(file, "a"),
      { ways: [way, [addition(file, "c")]], warning: "" },
    ];
    await executePlan(steps, { log: silentLog, onUndo });
    assertEquals(told, [1, 2, 1, 2]);
    assertEquals(await words(file), "a b -b c");

    told.length = 0;
    const broken = { do: FAILURE.do, undo: append(file, "never") };
    await assertRejects(
      () =>
        executePlan([addition(file, "d"), broken], { log: silentLog, onUndo }),
      DeviceError,
    );
    assertEquals(told, [1, 2, 1, 0]);
    assertEquals(await words(file), "a b -b c d -d");
  });
});

Deno.test("executePlan takes the first way that works, or warns and goes on [H.2 dns without resolvectl, K19]", async () => {
  await inTemporaryFile(async (file) => {
    const log = recordingLog();
    const missing: Change = { do: { run: ["no-such-program"] } };
    const undo = await executePlan([
      {
        ways: [[missing], [addition(file, "a")], [addition(file, "b")]],
        warning: "",
      },
      { ways: [[missing], [addition(file, "c"), FAILURE]], warning: "No luck" },
      addition(file, "d"),
    ], { log });
    await undoAll(undo, log);

    assertEquals(await words(file), "a c -c d -d -a");
    const warnings = log.lines.filter((line) => line.startsWith("warn"));
    assertEquals(warnings.length, 1);
    assert(warnings[0]?.includes('"No luck"'), warnings[0]);
    assert(warnings[0]?.includes("no such program"), warnings[0]);
    assert(warnings[0]?.includes("Oh no"), warnings[0]);
  });
});

Deno.test("executePlan gives a command its input, and minds none that does not read it", async () => {
  await inTemporaryFile(async (file) => {
    const input = "nameserver 1.1.1.1\n";
    const large = "x".repeat(1_000_000);
    await executePlan([
      { do: { run: ["tee", file], input } },
      { do: { run: ["true"], input: large } },
    ], { log: silentLog });
    assertEquals(await Deno.readTextFile(file), input);
  });
});

Deno.test("executePlan edits a file only as it knows it", async () => {
  await inTemporaryFile(async (file) => {
    const edit = { file, from: "", to: "ours" };
    const undo = { file, from: "ours", to: null };
    const undoing = await executePlan([{ do: edit, undo }], { log: silentLog });
    assertEquals(await Deno.readTextFile(file), "ours");
    await assertRejects(
      () => executePlan([{ do: edit }], { log: silentLog }),
      DeviceError,
      "somebody else has changed it",
    );

    await Deno.writeTextFile(file, "theirs");
    const log = recordingLog();
    await undoAll(undoing, log);
    assertEquals(await Deno.readTextFile(file), "theirs");
    assertEquals(log.lines.filter((line) => line.startsWith("warn")).length, 1);

    await Deno.writeTextFile(file, "ours");
    await undoAll(undoing, log);
    await assertRejects(() => Deno.stat(file), Deno.errors.NotFound);
  });
});

netnsTest(
  "executePlan says what to do when ip is missing",
  ["host"],
  async (net) => {
    const module = import.meta.resolve("../../src/app/execute.ts");
    const program = `
    import { executePlan } from ${JSON.stringify(module)};
    await executePlan([{ do: { run: ["ip", "link"] } }], { log: { debug() {} } })
      .catch(({ message, remedy }) => console.log(message, "-", remedy));
  `;
    const hide = "mount -t tmpfs none /usr/sbin; mount -t tmpfs none /sbin";
    const output = await net.host.run(
      ...["unshare", "-m", "sh", "-c", `${hide}; PATH=/none; exec "$@"`, "sh"],
      ...[Deno.execPath(), "eval", program],
    );
    assertEquals(
      output,
      'Cannot run "ip": there is no such program - Install iproute2\n',
    );
  },
);

Deno.test("runHooks runs words without a shell, in the environment that it is given", async () => {
  await inTemporaryFile(async (file) => {
    const log = recordingLog();
    const append = (text: string) => ["sh", "-c", `echo ${text} >> ${file}`];
    await runHooks([
      [...append('"$TUN_NAME $1"'), "sh", "two words"],
      ["sh", "-c", "exit 4"],
      ["no-such-program", "--at-all"],
      append("end"),
    ], { stage: "post-up", environment: { TUN_NAME: "tungo" }, log });

    assertEquals(await words(file), "tungo two words end");
    assertEquals(log.lines.filter((line) => line.startsWith("warn")), [
      warning("sh -c exit 4", "exit code 4"),
      warning(
        "no-such-program --at-all",
        'Cannot run "no-such-program": there is no such program',
      ),
    ]);
    assertEquals(log.lines.filter((line) => line.startsWith("info")).length, 4);
  });

  function warning(command: string, reason: string): string {
    const fields = { stage: "post-up", command, reason };
    return `warn hook.fail ${JSON.stringify(fields)}`;
  }
});

Deno.test("runHooks ends what takes too long, also what does not listen", async () => {
  const log = recordingLog();
  await runHooks([
    ["sleep", "100"],
    ["sh", "-c", "trap : TERM; while :; do sleep 0.1; done"],
  ], { stage: "pre-up", environment: {}, log, patience: 100 });

  const reasons = log.lines.filter((line) => line.startsWith("warn"));
  assert(reasons[0]?.includes("ended by SIGTERM"), reasons[0]);
  assert(reasons[1]?.includes("ended by SIGKILL"), reasons[1]);
});
