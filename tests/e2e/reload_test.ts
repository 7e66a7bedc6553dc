import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  type Bed,
  bedTest,
  CLIENT,
  FAR_END,
  networkOf,
  SERVER,
  TARGET4,
} from "../support/bed.ts";
import type { LogLine, Program } from "../support/program.ts";
import { tcpTarget, whoAsks } from "../support/targets.ts";

const ECHO = { hostname: TARGET4, port: 7000 };
const WEB = { hostname: TARGET4, port: 80 };

interface Written {
  readonly bypass?: string;
  readonly device?: string;
  readonly service?: string;
  readonly more?: string;
}

/** A configuration with the relay as its way out. */
function yaml(
  { bypass = "", device = "", service = "", more = "" }: Written,
): string {
  return `
services:
- name: tun
  addr: ":0"
  metadata: { interface: eth0, ${service} }
  handler: { type: tungo, chain: c }
  listener:
    type: tungo
    metadata:
      net: "192.168.123.1/24,fd00:123::1/64"
      route: "198.51.100.0/24"
      ${device}
${more}
chains:
- name: c
  hops:
  - name: h
    bypass: b
    nodes:
    - name: n
      addr: "${SERVER}:8443"
      interface: eth0
      connector: { type: relay, auth: { username: user, password: pass } }
      dialer: { type: wss }
bypasses:
- { name: b, matchers: [192.0.2.1, ${bypass}] }
`;
}

interface Running {
  readonly program: Program;
  /** Writes another configuration and has it read. */
  write(written: Written | string): Promise<void>;
  /** The same, and waits for what becomes of it. */
  reload(written: Written | string): Promise<LogLine>;
}

async function start(
  bed: Bed,
  written: Written,
  ...args: string[]
): Promise<Running> {
  const path = `${bed.run}/tungo.yaml`;
  const put = (written: Written | string): Promise<void> =>
    Deno.writeTextFile(
      path,
      typeof written === "string" ? written : yaml(written),
    );
  await put(written);
  const program = await bed.tungo("-C", path, ...args);
  await program.line("service.device");
  const ends = (): LogLine[] =>
    program.log.filter(({ msg }) =>
      msg === "reload.done" || msg === "reload.refused"
    );
  return {
    program,
    write: put,
    async reload(written) {
      const before = ends().length;
      await put(written);
      program.kill("SIGHUP");
      await until(() => ends().length > before);
      const [line] = ends().slice(before);
      assert(line !== undefined);
      return line;
    },
  };
}

/** Waits until it holds. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!await holds()) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function echoes(bed: Bed): Promise<Disposable> {
  return tcpTarget(
    bed.net.server,
    ECHO,
    async (connection) => {
      await connection.readable.pipeTo(connection.writable);
    },
  );
}

function connect(bed: Bed): Promise<Deno.TcpConn> {
  return bed.net.client.inside(() => Deno.connect(ECHO));
}

/** What comes back for some octets: "ok", or why nothing does. */
async function exchange(connection: Deno.TcpConn): Promise<string> {
  try {
    await connection.write(Uint8Array.of(1, 2, 3));
    const got = new Uint8Array(16);
    return await connection.read(got) === 3 ? "ok" : "no echo";
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

function curl({ net: { client } }: Bed): Promise<string> {
  return client.run("curl", "-sS", "-m", "5", `http://${TARGET4}/`);
}

bedTest(
  "tungo reloads a hundred times under a thousand flows, and none of them is reset [K1]",
  async (bed) => {
    await bed.farEnd("-L", FAR_END);
    using _echoes = await echoes(bed);
    const { program, reload } = await start(bed, {});
    using flows = new DisposableStack();
    const connections: Deno.TcpConn[] = [];
    for (let i = 0; i < 1000; i++) {
      const connection = await connect(bed);
      flows.defer(() => connection.close());
      connections.push(connection);
      assertEquals(await exchange(connection), "ok");
    }
    for (let i = 0; i < 100; i++) {
      const more = "#\n".repeat(i % 7);
      const line = await reload({ bypass: `203.0.113.${i}`, more });
      assertEquals(line.msg, "reload.done");
      const some = connections.filter((_, flow) => flow % 100 === i);
      for (const connection of some) {
        assertEquals(await exchange(connection), "ok");
      }
    }
    const all = await Promise.all(connections.map(exchange));
    assertEquals(all.filter((said) => said !== "ok"), []);
    assertEquals(
      program.log.filter(({ msg, level }) =>
        msg === "flow.close" || level === "error"
      ),
      [],
    );
  },
);

bedTest(
  "tungo goes on as before when a new configuration is wrong, and says where it is wrong",
  async (bed) => {
    await bed.farEnd("-L", FAR_END);
    await using _web = await whoAsks(bed.net.server, WEB);
    using _echoes = await echoes(bed);
    const { program, reload } = await start(bed, {});
    using connection = await connect(bed);
    assertEquals(await exchange(connection), "ok");
    const before = await networkOf(bed);

    const wrong = yaml({ bypass: TARGET4 }).replace("chain: c", "chain: d");
    const line = await reload(wrong);
    assertEquals([line.msg, line["problems"]], ["reload.refused", 1]);
    const { problem } = await program.line("config", { level: "error" });
    assertMatch(
      String(problem),
      /tungo\.yaml:6:34: Unknown chain "d".*handler\.chain/,
    );
    assertEquals(await exchange(connection), "ok");
    assertEquals(await curl(bed), TARGET4);
    assertEquals(await networkOf(bed), before);

    const missing = {
      more: `
- name: far
  addr: ":9443"
  handler: { type: relay }
  listener: { type: tls, tls: { certFile: /run/none.pem, keyFile: /run/none.pem } }`,
    };
    assertEquals((await reload(missing)).msg, "reload.refused");
    assertEquals(await exchange(connection), "ok");
    assertEquals((await reload({})).msg, "reload.done");
  },
);

bedTest(
  "tungo ends the flows that go another way since a reload, and leaves the others alone",
  async (bed) => {
    await bed.farEnd("-L", FAR_END);
    await using _web = await whoAsks(bed.net.server, WEB);
    using _echoes = await echoes(bed);
    const { program, reload } = await start(bed, {});
    using relayed = await connect(bed);
    assertEquals(await exchange(relayed), "ok");
    await reload({ bypass: `"${TARGET4}:80"` });
    assertEquals(await curl(bed), CLIENT.eth0);
    assertEquals(await exchange(relayed), "ok");
    await reload({ bypass: TARGET4 });
    const { reason } = await program.line("flow.close", {
      dst: `${TARGET4}:7000`,
    });
    assertEquals(reason, "Its way is another one since the reload");
    assertEquals(await exchange(relayed), "ConnectionReset");

    // The way straight out stays, and so would a flow whose service lets it finish.
    using direct = await connect(bed);
    assertEquals(await exchange(direct), "ok");
    await reload({ service: "onReload: finish" });
    assertEquals(await exchange(direct), "ok");
    assertEquals(await curl(bed), TARGET4);
  },
);

bedTest(
  "tungo changes addresses, routes and nameservers of a device that stays [H.2 device on close]",
  async (bed) => {
    await bed.farEnd("-L", FAR_END);
    using _echoes = await echoes(bed);
    const untouched = await networkOf(bed);
    const { program, reload } = await start(bed, { device: "dns: 1.1.1.1" });
    using connection = await connect(bed);
    assertEquals(await exchange(connection), "ok");
    const link = (await bed.net.client.ip("-o link show tungo")).split(":")[0];
    const show = async (): Promise<string[]> =>
      [
        ...[
          ...(await bed.net.client.ip("-4 -o addr show dev tungo")).matchAll(
            /inet (\S+)/g,
          ),
        ].map(([, address = ""]) => address),
        ...(await bed.net.client.ip("-4 route show dev tungo")).matchAll(
          /^(\S+) scope link $/gm,
        ),
      ].flat();
    const text = (): Promise<string> => Deno.readTextFile(bed.resolvConf);

    const net = (net: string, device: string): string =>
      yaml({ device }).replace("192.168.123.1/24", net);
    await reload(
      yaml({ device: "dns: 9.9.9.9" }).replace(
        "198.51.100.0/24",
        "198.51.100.0/24,203.0.113.0/24",
      ),
    );
    assertMatch(await bed.net.client.ip("route show dev tungo"), /203\.0\.113/);
    assertMatch(await text(), /^nameserver 9\.9\.9\.9$/m);
    assertEquals(await exchange(connection), "ok");

    await reload(net("192.168.123.1/24,192.168.123.7/24", ""));
    assertEquals((await show())[1], "192.168.123.7/24");
    const routes = await bed.net.client.ip("route show dev tungo");
    assertEquals(routes.includes("203.0.113"), false);
    assertMatch(routes, /198\.51\.100\.0\/24/);
    assertMatch(await text(), /^nameserver 192\.0\.2\.53$/m);
    assertEquals(await exchange(connection), "ok");

    // What the kernel takes away together with the address is put in again.
    await reload(net("192.168.123.7/24", "dns: 1.1.1.1"));
    assertEquals((await show())[0], "192.168.123.7/24");
    assertMatch(
      await bed.net.client.ip("route show dev tungo"),
      /198\.51\.100\.0\/24/,
    );
    using other = await connect(bed);
    assertEquals(await exchange(other), "ok");
    assertEquals(
      (await bed.net.client.ip("-o link show tungo")).split(":")[0],
      link,
    );
    const errors = program.log.filter(({ level }) => level === "error");
    assertEquals(errors, []);
    await program.stop();
    assertEquals(await networkOf(bed), untouched);
  },
);

bedTest(
  "tungo starts services that are new, stops those that are gone, and keeps listening where nothing is different",
  async (bed) => {
    const far = (name: string, port: number, password: string): string => `
- name: ${name}
  addr: ":${port}"
  handler: { type: relay, auth: { username: u, password: ${password} } }
  listener: { type: tcp }`;
    const { program, reload } = await start(bed, { more: far("a", 9001, "x") });
    const listening = async (): Promise<number[]> => {
      const table = await bed.net.client.run("ss", "-Hltn");
      return [...table.matchAll(/:(900\d)\s/g)].map(([, port]) => Number(port))
        .sort();
    };
    await program.line("service.listen");
    assertEquals(await listening(), [9001]);
    await reload({ more: far("a", 9001, "y") + far("b", 9002, "x") });
    assertEquals(await listening(), [9001, 9002]);
    await reload({ more: far("c", 9002, "x") });
    assertEquals(await listening(), [9002]);
    const starts = program.log.filter(({ msg }) => msg === "service.listen");
    assertEquals(starts.map(({ service }) => service), ["a", "b"]);
  },
);

bedTest(
  "tungo reads a file that has been written where it is to watch it",
  async (bed) => {
    await bed.farEnd("-L", FAR_END);
    await using _web = await whoAsks(bed.net.server, WEB);
    const { program, write } = await start(bed, {}, "-watch");
    assertEquals(await curl(bed), TARGET4);
    await write({ bypass: TARGET4 });
    await program.line("reload.done");
    assertEquals(await curl(bed), CLIENT.eth0);
  },
);

bedTest(
  "tungo that is told to reload while it starts does so when it has, and leaves the network as it was",
  async (bed) => {
    const before = await networkOf(bed);
    const slow = { service: 'postUp: ["sleep 1"]', device: "dns: 1.1.1.1" };
    const path = `${bed.run}/tungo.yaml`;
    await Deno.writeTextFile(path, yaml(slow));
    const program = bed.start("client", ["-C", path]);
    await program.line("hook.run");
    program.kill("SIGHUP");
    await program.line("reload.done");
    assertMatch(await Deno.readTextFile(bed.resolvConf), /^nameserver 1\.1/m);
    const { code } = await program.stop();
    assertEquals([code, await networkOf(bed)], [0, before]);
  },
);

bedTest(
  "tungo leaves a carrier that many flows share to those flows, and opens another one after a reload",
  async (bed) => {
    await bed.farEnd("-L", FAR_END.replace("wss", "mwss"));
    using _echoes = await echoes(bed);
    const shared = (bypass: string): string =>
      yaml({ bypass }).replace("type: wss", "type: mwss");
    const { reload } = await start(bed, {});
    await reload(shared("203.0.113.1"));
    const carriers = async (): Promise<number> => {
      const table = await bed.net.server.run("ss", "-Htn", "sport", "8443");
      return table.split("\n").filter((line) => line.startsWith("ESTAB"))
        .length;
    };
    const old = await Promise.all(
      Array.from({ length: 20 }, () => connect(bed)),
    );
    for (const flow of old) assertEquals(await exchange(flow), "ok");
    assertEquals(await carriers(), 1);

    await reload(shared("203.0.113.2"));
    for (const flow of old) assertEquals(await exchange(flow), "ok");
    using late = await connect(bed);
    assertEquals(await exchange(late), "ok");
    assertEquals(await carriers(), 2);
    for (const flow of old) flow.close();
    await until(async () => await carriers() === 1);
    assertEquals(await exchange(late), "ok");
  },
);

bedTest(
  "after a reload kill -9 leaves nothing that the next start does not take back",
  async (bed) => {
    const conf = await Deno.readTextFile(bed.resolvConf);
    const { program, reload } = await start(bed, { device: "dns: 1.1.1.1" });
    await reload({ device: "dns: 9.9.9.9" });
    assertMatch(await Deno.readTextFile(bed.resolvConf), /^nameserver 9\.9/m);
    await program.stop("SIGKILL");
    const next = await start(bed, {});
    await next.program.line("system.leftovers", { device: "tungo" });
    assertEquals(await Deno.readTextFile(bed.resolvConf), conf);

    // What a reload has taken back itself is no leftover.
    await next.reload({ device: "dns: 1.1.1.1" });
    await next.reload({});
    await next.program.stop("SIGKILL");
    const last = await start(bed, {});
    assertEquals(await Deno.readTextFile(bed.resolvConf), conf);
    const leftovers = last.program.log.filter(({ msg }) =>
      msg === "system.leftovers"
    );
    assertEquals(leftovers, []);
  },
);
