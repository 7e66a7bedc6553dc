import { assert, assertEquals } from "@std/assert";
import { bedTest, TARGET4, TUNGO } from "../support/bed.ts";
import { whoAsks } from "../support/targets.ts";

bedTest(
  "--pcap writes what tcpdump reads, with the way of each flow as a comment",
  async (bed) => {
    const { client, server } = bed.net;
    const file = `${bed.run}/packets.pcapng`;
    await using _target = await whoAsks(server, {
      hostname: TARGET4,
      port: 80,
    });
    const tungo = await bed.tungo("-L", TUNGO, "--pcap", "/run/packets.pcapng");
    await client.run("curl", "-sS", `http://${TARGET4}/`);
    await tungo.stop();

    const text = await client.run("tcpdump", "-nr", file, "tcp");
    const syns = text.split("\n").filter((line) => line.includes("[S"));
    assertEquals(syns.length, 2, text);
    const octets = await Deno.readFile(file);
    const said = new TextDecoder("latin1").decode(octets);
    assert(
      /flow \d+ tcp 192\.168\.123\.1:\d+ .{1,3} 198\.51\.100\.10:80: direct/
        .test(said),
    );
    assertEquals(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
  },
  ["tcpdump"],
);

bedTest(
  "--fault makes the link a bad one, and every octet arrives all the same",
  async (bed) => {
    const { client, server } = bed.net;
    await using _target = await whoAsks(server, {
      hostname: TARGET4,
      port: 80,
    });
    const faults = "loss=10%,reorder=10%,duplicate=5%,seed=7";
    const tungo = await bed.tungo("-L", TUNGO, "--fault", faults);
    await tungo.line("device.faults", { loss: 0.1, seed: 7 });
    for (let i = 0; i < 10; i++) {
      const who = await client.run("curl", "-sS", `http://${TARGET4}/`);
      assertEquals(who, "10.0.0.1");
    }
  },
);

bedTest("SIGUSR2 prints connections and drops", async (bed) => {
  const { client, server } = bed.net;
  await using _target = await whoAsks(server, { hostname: TARGET4, port: 80 });
  const tungo = await bed.tungo("-L", TUNGO);
  using _idle = await client.inside(() =>
    Deno.connect({ hostname: TARGET4, port: 80 })
  );
  tungo.kill("SIGUSR2");
  await client.run("curl", "-sS", `http://${TARGET4}/`);
  const { stderr } = await tungo.stop();
  assert(
    /^ {2}tcp 192\.168\.123\.1:\d+ → 198\.51\.100\.10:80 ESTABLISHED snd\.una=1 /m
      .test(stderr),
    stderr,
  );
});
