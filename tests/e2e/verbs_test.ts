import { assertEquals, assertMatch } from "@std/assert";
import {
  type Bed,
  bedTest,
  HOP,
  NAMESERVER4,
  networkOf,
  TUNGO,
} from "../support/bed.ts";
import type { Ended } from "../support/program.ts";
import { udpTarget } from "../support/targets.ts";

function run(bed: Bed, ...args: string[]): Promise<Ended> {
  return bed.start("client", args).ended;
}

bedTest(
  "tungo explain says where a flow goes, asks nobody, and changes nothing",
  async (bed) => {
    let asked = 0;
    const where = { hostname: NAMESERVER4, port: 53 };
    using _nameserver = await udpTarget(bed.net.server, where, (query) => {
      asked++;
      return query;
    });
    const before = await networkOf(bed);
    const options = [
      ...["-L", `${TUNGO}&sniffing=true&interface=eth1`],
      ...["-F", `${HOP}&bypass=.example.com`],
    ];
    const direct = await run(bed, "explain", ...options, "www.example.com");
    assertEquals(direct.code, 0);
    assertMatch(
      direct.stdout,
      /^ {2}hop-0 +direct +www\.example\.com matches \.example\.com, -F$/m,
    );
    assertMatch(direct.stdout, /^interface +eth1$/m);
    const node = await run(bed, "explain", "a.test:80", "--udp", ...options);
    assertMatch(node.stdout, /^route +node-0 > /m);
    assertMatch(node.stdout, /^interface +eth0$/m);
    // The node's own name is not asked for, nor that of a target.
    const names = [
      "-L",
      `${TUNGO}&resolver=${NAMESERVER4}`,
      "-F",
      "relay://n.test:1",
    ];
    const unresolved = await run(bed, "explain", ...names, "a.test");
    assertEquals([unresolved.code, asked], [0, 0]);
    assertEquals(await networkOf(bed), before);
  },
);

bedTest(
  "tungo check, explain and test end with 2 where something is wrong, and test with 1 where something is not so",
  async (bed) => {
    const path = `${bed.run}/tungo.yaml`;
    const rules = `${bed.run}/rules.yaml`;
    const config = (rest: string): string =>
      `services: [{name: s, handler: {type: tungo${rest}}, listener: {type: tungo}}]`;
    const write = async (rest: string, ...tests: string[]): Promise<void> => {
      await Deno.writeTextFile(path, config(rest));
      const file = { config: "tungo.yaml", tests };
      await Deno.writeTextFile(rules, JSON.stringify(file));
    };
    const codes = async (): Promise<number[]> => [
      (await run(bed, "check", path)).code,
      (await run(bed, "explain", "-C", path, "a.test")).code,
      (await run(bed, "test", rules)).code,
    ];
    await write("", "a.test → direct");
    assertEquals(await codes(), [0, 0, 0]);
    await write("", "a.test → node-0");
    assertEquals(await codes(), [0, 0, 1]);
    await write("", "a.test is direct");
    assertEquals(await codes(), [0, 0, 2]);
    await write(", chain: none", "a.test → direct");
    assertEquals(await codes(), [2, 2, 2]);
    assertEquals((await run(bed, "explain", "-C", path)).code, 2);
    assertEquals((await run(bed, "test")).code, 2);
    assertEquals((await run(bed, "verify", path)).code, 2);
  },
);
