import { assertEquals } from "@std/assert";
import { netnsTest } from "../support/netns.ts";

const DEMO = new URL("../../scripts/demo.ts", import.meta.url).pathname;
const COMMAND = [Deno.execPath(), "run", "--frozen", "-A", DEMO];

const HIDE = 'mount -t tmpfs tmpfs /dev/net && exec "$@"';
const WITHOUT_TUN = ["unshare", "--mount", "sh", "-c", HIDE, "sh", ...COMMAND];

/** Without colours, as its output is no terminal. */
async function run(
  command: readonly string[],
  env: Record<string, string> = {},
): Promise<readonly [number, string]> {
  const [name = "", ...args] = command;
  const child = new Deno.Command(name, { args, env, stdin: "null" });
  const { code, stdout } = await child.output();
  return [code, new TextDecoder().decode(stdout)];
}

function count(text: string, start: string): number {
  return text.split("\n").filter((row) => row.startsWith(start)).length;
}

netnsTest("The demo shows all of its steps on a real device", [], async () => {
  const [code, text] = await run(COMMAND);
  assertEquals(
    [code, count(text, "ok  "), count(text, "FAILED")],
    [0, 9, 0],
    text,
  );
});

netnsTest(
  "The demo shows them in memory where there is no /dev/net/tun, and says so",
  [],
  async () => {
    const [code, text] = await run(WITHOUT_TUN);
    assertEquals(
      [code, count(text, "ok  "), count(text, "FAILED")],
      [0, 7, 0],
      text,
    );
    assertEquals(text.includes("Missing: /dev/net/tun"), true);
  },
);

netnsTest("The demo fails when tungo does not start", [], async () => {
  const [code, text] = await run(COMMAND, { TUNGO: "/bin/false" });
  assertEquals([code, count(text, "FAILED  tungo starts")], [1, 1], text);
});

netnsTest(
  "The demo says that it cannot show an executable without /dev/net/tun, and does not pass for shown",
  [],
  async () => {
    const [code, text] = await run(WITHOUT_TUN, { TUNGO: "/bin/true" });
    assertEquals([code, count(text, "ok  ")], [77, 1], text);
    assertEquals(text.includes("Missing: /dev/net/tun"), true);
  },
);
