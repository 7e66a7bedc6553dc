import { assertEquals, assertRejects } from "@std/assert";
import { readNodes } from "../../../src/app/node_lists.ts";
import { ConfigError } from "../../../src/base/errors.ts";
import { tungoOf } from "../../support/config.ts";
import { testContext } from "../../support/context.ts";
import { memoryFiles } from "../../support/memory_files.ts";
import { recordingLog } from "../../support/recording_log.ts";

const node = (name: string, port: number) => ({
  name,
  addr: `h:${port}`,
  connector: { type: "relay" },
});

function begin(text: string) {
  const { chain } = tungoOf({
    yaml: `
services: [{name: s, handler: {type: tungo, chain: c}, listener: {type: tungo}}]
chains: [{name: c, hops: [{name: h, file: {path: nodes.json}, reload: 5s}]}]
`,
  }).route;
  const loader = chain?.hops[0]?.loader;
  if (loader === undefined) throw new Error("there is no loader");
  const files = memoryFiles({ "nodes.json": text });
  const log = recordingLog();
  const context = {
    ...testContext(() => Promise.reject(new Error("nothing is dialled"))),
    files,
    log,
  };
  const parts = { timeout: 1000, before: () => undefined };
  return { files, log, context, read: () => readNodes(loader, parts, context) };
}

Deno.test("readNodes has the nodes of a file, and those that stay in it stay the same", async () => {
  const { files, context, read } = begin(
    JSON.stringify([node("a", 1), node("b", 2)]),
  );
  const [list] = await read();
  context.upkeep.start();
  const names = () => list?.current.map(({ name }) => name);
  assertEquals(names(), ["a", "b"]);
  const b = list?.current[1];
  files.write("nodes.json", JSON.stringify([node("c", 3), node("b", 2)]));
  await context.clock.advance(5000);
  assertEquals(names(), ["c", "b"]);
  assertEquals(list?.current[1] === b, true);
  context.upkeep.stop();
});

Deno.test("readNodes refuses a bad list at the start, and keeps the last good one later", async () => {
  const bad = begin("[{addr: h}]");
  const error = await assertRejects(bad.read, ConfigError);
  assertEquals(error.at.file, "nodes.json");

  const { files, log, context, read } = begin(JSON.stringify([node("a", 1)]));
  const [list] = await read();
  context.upkeep.start();
  files.write("nodes.json", "[{addr: h}]");
  await context.clock.advance(15_000);
  assertEquals(list?.current.map(({ name }) => name), ["a"]);
  assertEquals(log.lines.filter((line) => line.includes("list.keep")), [
    'warn list.keep {"file":"nodes.json","reason":"nodes.json:1:9: Cannot use the address \\"h\\" as it must be host:port, the port 1 to 65535 (nodes[0].addr)"}',
  ]);
  context.upkeep.stop();
});
