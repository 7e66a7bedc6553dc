import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { probePipes } from "../../ffi/node_handles.ts";
import { openPlatform } from "../../ffi/mod.ts";
import { openLinux } from "../../ffi/platform_linux.ts";
import { netnsTest } from "../support/netns.ts";

for (
  const [way, pipes] of Object.entries({
    pipes: probePipes(),
    poller: undefined,
  })
) {
  netnsTest(
    `watchNetwork by ${way} tells once of many changes, and again of later ones`,
    ["host"],
    async (net) => {
      await using platform = openLinux(pipes);
      let told = 0;
      let wake: () => void = () => {};
      using _watch = await net.host.inside(() =>
        platform.watchNetwork(() => {
          told++;
          wake();
        })
      );
      for (let round = 1; round <= 2; round++) {
        const change = new Promise<void>((resolve) => wake = resolve);
        await net.host.ip(`link add a${round} type veth peer name b${round}`);
        await net.host.ip(`addr add 10.0.${round}.1/24 dev a${round}`);
        await net.host.ip(`link set a${round} up`);
        await change;
        assertEquals(told, round);
      }
    },
  );

  netnsTest(
    `watchNetwork by ${way} is silent once it is disposed`,
    ["host"],
    async (net) => {
      await using platform = openLinux(pipes);
      const watch = await net.host.inside(() =>
        platform.watchNetwork(() => {
          throw new Error("A change for nobody");
        })
      );
      await net.host.ip("link add a0 type veth peer name b0");
      watch[Symbol.dispose]();
      await new Promise((resolve) => setTimeout(resolve, 200));
    },
  );
}

netnsTest("raiseDescriptorLimit raises the soft limit to the hard one", [
  "host",
], async (net) => {
  const module = import.meta.resolve("../../ffi/mod.ts");
  const program = `
    import { openPlatform } from ${JSON.stringify(module)};
    await using platform = openPlatform();
    console.log(platform.raiseDescriptorLimit());
    console.log(await Deno.readTextFile("/proc/self/limits"));
  `;
  const output = await net.host.run(
    ...["sh", "-c", 'ulimit -Sn 512; ulimit -Hn 2048; exec "$@"', "sh"],
    ...[Deno.execPath(), "eval", program],
  );

  assertEquals(output.split("\n")[0], "2048");
  assert(/Max open files\s+2048\s+2048/.test(output), output);
});

netnsTest("an idle platform keeps no process alive", ["host"], async (net) => {
  const module = import.meta.resolve("../../ffi/mod.ts");
  const program = `
    import { openPlatform } from ${JSON.stringify(module)};
    const platform = openPlatform();
    const signal = new AbortController().signal;
    const options = { host: "127.0.0.1", port: 9, signal };
    await platform.openSocket(options).catch(() => {});
    platform.openUdp(options)[Symbol.dispose]();
    console.log("end");
  `;
  assertEquals(await net.host.run(Deno.execPath(), "eval", program), "end\n");
});

Deno.test("sleepTime does not run while the machine is awake", async () => {
  await using platform = openPlatform();
  const before = platform.sleepTime();
  const after = platform.sleepTime();

  assert(before >= 0);
  assert(after - before < 1, `${after - before} ms`);
});

netnsTest(
  "networkVersion stays while nothing changes, and knows of each change at once",
  [
    "host",
  ],
  async (net) => {
    for (
      const change of [
        "link add a0 type veth peer name b0",
        "addr add 10.0.0.1/24 dev a0",
        "link set a0 up",
        "route add 10.9.0.0/16 dev a0",
        "route del 10.9.0.0/16",
        "link set a0 down",
      ]
    ) {
      // A new one for each: after a change everything counts as new for a while.
      await using platform = openPlatform();
      const version = (): number => platform.networkVersion();
      const before = await net.host.inside(version);
      assertEquals(version(), before);
      await net.host.ip(change);
      assertNotEquals(version(), before, change);
    }
  },
);
