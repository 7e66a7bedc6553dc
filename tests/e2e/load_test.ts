import { assert, assertEquals } from "@std/assert";
import { bedTest, TARGET4 } from "../support/bed.ts";
import { descriptorsOf, residentMemoryOf } from "../support/process.ts";
import { tcpTarget } from "../support/targets.ts";

for (const [direction, option] of [["up", []], ["down", ["-R"]]] as const) {
  bedTest(`tungo carries iperf3 ${direction}`, async (bed) => {
    const { client, server } = bed.net;
    await bed.relayed();
    const listening = server.spawn("iperf3", [
      "-s",
      "-1",
      "-B",
      TARGET4,
      "--forceflush",
    ], {
      stdout: "piped",
    });
    const reader = listening.stdout.getReader();
    await reader.read();
    const output = await client.run(
      "iperf3",
      ...["-c", TARGET4, "-t", "2", "-P", "4", "-J", ...option],
    );
    while (!(await reader.read()).done);
    const { end } = JSON.parse(output);
    assert(end.sum_received.bytes > 0, output);
  });
}

/** A leak of 10 KiB per connection is 50 MiB by then; V8's heap settles within less, in MiB. */
const SETTLING = 48;

/** The first dial opens a netlink socket, which stays. */
const OPENED_BY_FIRST_DIAL = 1;

bedTest("tungo leaks nothing over 10 000 connections in a row", async (bed) => {
  const { client, server } = bed.net;
  const { tungo, farEnd } = await bed.relayed();
  const where = { hostname: TARGET4, port: 7000 };
  using _target = await tcpTarget(server, where, async (connection) => {
    const octets = new Uint8Array(1);
    await connection.read(octets);
    await connection.write(octets);
  });
  const connect = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      using connection = await Deno.connect(where);
      await connection.write(Uint8Array.of(i));
      assertEquals(await connection.read(new Uint8Array(1)), 1);
    }
  };
  const before = [tungo, farEnd].map(({ pid }) => descriptorsOf(pid));
  await client.inside(() => connect(5000));
  const memory = [tungo, farEnd].map(({ pid }) => residentMemoryOf(pid));
  await client.inside(() => connect(5000));
  for (const [i, { pid }] of [tungo, farEnd].entries()) {
    const growth = residentMemoryOf(pid) - (memory[i] ?? 0);
    assert(growth < SETTLING, `${growth} MiB`);
    // The last connections may take a moment to go.
    const allowed = (before[i] ?? 0) + OPENED_BY_FIRST_DIAL;
    while (descriptorsOf(pid) > allowed) await rest();
  }
});

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
