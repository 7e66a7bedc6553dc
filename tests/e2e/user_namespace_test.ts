import { assertEquals } from "@std/assert";
import { startLogging, tungoCommand } from "../../scripts/demo/programs.ts";
import { netnsTest } from "../support/netns.ts";

netnsTest("tungo runs as root of a mere user namespace", [], async () => {
  const unshare = ["unshare", "--user", "--map-root-user", "--net"];
  const tungo = startLogging([
    ...unshare,
    ...tungoCommand(),
    "-L",
    "tungo://:0",
  ]);
  const { name } = await tungo.lines.line("service.device");
  assertEquals(name, "tungo");
  assertEquals(await tungo.stop(), 0);
});
