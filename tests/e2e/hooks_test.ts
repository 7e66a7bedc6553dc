/** Hooks around the life of a device. */
import { assertEquals } from "@std/assert";
import {
  type Bed,
  bedTest,
  FAR_END,
  HOP,
  SERVER,
  TARGET4,
  TUNGO,
} from "../support/bed.ts";
import { httpTarget, octetSource, whoAsks } from "../support/targets.ts";

const WEB = { hostname: TARGET4, port: 80 };

/** A file with a device and these hooks, each a line of `metadata`. */
async function writeFile(bed: Bed, hooks: string): Promise<void> {
  const yaml = `
services:
- name: service-0
  addr: :0
  handler: { type: tungo, chain: chain-0 }
  listener:
    type: tungo
    metadata: { net: 192.168.123.1/24, route: 198.51.100.0/24 }
  metadata:
${hooks.replaceAll(/^/gm, "    ")}
chains:
- name: chain-0
  hops:
  - name: hop-0
    nodes:
    - name: node-0
      addr: ${SERVER}:8443
      connector: { type: relay, auth: { username: user, password: pass } }
      dialer: { type: wss }
`;
  await Deno.writeTextFile(`${bed.run}/config.yaml`, yaml);
}

bedTest(
  "hooks run in their order, also when tungo is told to stop meanwhile, and one that fails is a warning [H.1 hooks]",
  async (bed) => {
    const note = (what: string): string => `sh -c 'echo ${what} >> /run/order'`;
    await writeFile(
      bed,
      `preUp: ["${note("preUp")}"]
postUp: ["${note("first")}", "false", "${note("second")}"]
preDown: ["${note("preDown")}"]
postDown: ["${note("postDown")}"]`,
    );
    await bed.farEnd("-L", FAR_END);
    const tungo = await bed.tungo("-C", "/run/config.yaml");
    const { level } = await tungo.line("hook.fail");
    const { code } = await tungo.stop();
    assertEquals([level, code], ["warn", 0]);
    const order = await Deno.readTextFile(`${bed.run}/order`);
    assertEquals(order, "preUp\nfirst\nsecond\npreDown\npostDown\n");
  },
);

bedTest("the device is served while postUp runs [K25]", async (bed) => {
  await using _web = await whoAsks(bed.net.server, WEB);
  const page = `curl -sS -m 5 -o /run/page http://${TARGET4}/`;
  await writeFile(bed, `postUp: ["${page}", "sh -c 'echo done > /run/done'"]`);
  await bed.farEnd("-L", FAR_END);
  const tungo = await bed.tungo("-C", "/run/config.yaml");
  await tungo.line("flow.close", { dst: `${TARGET4}:80` });
  await tungo.stop();
  assertEquals(await Deno.readTextFile(`${bed.run}/page`), TARGET4);
  assertEquals(tungo.log.filter(({ msg }) => msg === "hook.fail"), []);
});

bedTest(
  "a device of the largest MTU carries a large download [K28]",
  async (bed) => {
    const source = octetSource(16 << 20);
    await using _web = await httpTarget(
      bed.net.server,
      WEB,
      () => new Response(source.octets),
    );
    await bed.farEnd("-L", FAR_END);
    await bed.tungo("-L", `${TUNGO}&mtu=65535`, "-F", HOP);
    const line = `curl -sS http://${TARGET4}/ | sha256sum`;
    const sum = await bed.net.client.run("sh", "-c", line);
    assertEquals(sum, `${source.sha256()}  -\n`);
  },
);
