/** The executable of `deno task build`, in a folder that holds nothing but it, glibc and `ip`, as on a machine without Deno. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { VERSION } from "../../src/base/version.ts";
import {
  type Bed,
  bedTest,
  FAR_END,
  HOP,
  networkOf,
  TARGET4,
  TARGET6,
  TUNGO,
} from "../support/bed.ts";
import { type BareRoot, makeBareRoot } from "../support/bare_root.ts";
import { type Program, startProgram } from "../support/program.ts";
import { httpTarget, octetSource, whoAsks } from "../support/targets.ts";

const EXECUTABLE = new URL(
  `../../dist/tungo-${Deno.build.target}`,
  import.meta.url,
).pathname;

const WEB = { hostname: TARGET4, port: 80 };
const TRANSFER = 64 * 2 ** 20;

executableTest(
  "prints its version, its usage and its configuration",
  async (bed, root) => {
    const ask = (...args: string[]) =>
      start(bed, root, "client", ...args).ended;
    const version = await ask("-V");
    assertStringIncludes(version.stdout, `tungo ${VERSION} (deno `);
    assertEquals(version.code, 0);
    const usage = await ask("-h");
    assertStringIncludes(usage.stdout, "Usage: tungo -L SERVICE");
    assertEquals(usage.code, 0);
    const configuration = await ask("-L", TUNGO, "-F", HOP, "-O", "yaml");
    assertStringIncludes(configuration.stdout, "services:\n");
    assertEquals(configuration.code, 0);
  },
);

executableTest(
  "refuses an option that nobody knows, and touches nothing",
  async (bed, root) => {
    const before = await networkOf(bed);
    const refused = await start(bed, root, "client", "-X", "1").ended;
    assertStringIncludes(refused.stderr, "-X");
    assertEquals([refused.code, refused.stdout], [2, ""]);
    const wrong = `${TUNGO}&mtu=many`;
    const misconfigured = await start(bed, root, "client", "-L", wrong).ended;
    assertStringIncludes(misconfigured.stderr, "many");
    assertEquals([misconfigured.code, misconfigured.stdout], [2, ""]);
    assertEquals(await networkOf(bed), before);
  },
);

executableTest(
  "carries curl to a server over IPv4 and IPv6, and ends without a trace",
  async (bed, root) => {
    const { client, server } = bed.net;
    const before = await networkOf(bed);
    const farEnd = await startFarEnd(bed, root);
    const tungo = await startTungo(bed, root);
    const source = octetSource(TRANSFER);
    await using _four = await httpTarget(
      server,
      WEB,
      () => new Response(source.octets),
    );
    await using _six = await whoAsks(server, { hostname: TARGET6, port: 80 });
    const sum = await client.run(
      "sh",
      "-c",
      `curl -sS http://${TARGET4}/ | sha256sum`,
    );
    assertEquals(sum, `${source.sha256()}  -\n`);
    assertEquals(
      await client.run("curl", "-sS", `http://[${TARGET6}]/`),
      TARGET6,
    );
    for (const program of [tungo, farEnd]) {
      const { code, signal } = await program.stop();
      assertEquals([code, signal], [0, null]);
    }
    assertEquals(await networkOf(bed), before);
  },
);

executableTest("comes up again after kill -9", async (bed, root) => {
  const { client, server } = bed.net;
  const before = await networkOf(bed);
  await startFarEnd(bed, root);
  const tungo = await startTungo(bed, root);
  await tungo.stop("SIGKILL");
  assertEquals(await networkOf(bed), before);
  const again = await startTungo(bed, root);
  await using _web = await whoAsks(server, WEB);
  assertEquals(await client.run("curl", "-sS", `http://${TARGET4}/`), TARGET4);
  assertEquals((await again.stop()).code, 0);
  assertEquals(await networkOf(bed), before);
});

/** Skipped, and seen to be, where no executable has been built. */
function executableTest(
  title: string,
  test: (bed: Bed, root: BareRoot) => Promise<void>,
): void {
  const run = async (bed: Bed): Promise<void> => {
    await using root = await makeBareRoot(EXECUTABLE);
    await test(bed, root);
  };
  bedTest(`the executable ${title}`, run, [EXECUTABLE]);
}

function start(
  { net, run, resolvConf }: Bed,
  { command }: BareRoot,
  where: "client" | "server",
  ...args: string[]
): Program {
  return startProgram(net[where], { args, run, resolvConf, command });
}

async function startFarEnd(bed: Bed, root: BareRoot): Promise<Program> {
  const program = start(bed, root, "server", "-L", FAR_END);
  await program.line("service.listen");
  return program;
}

async function startTungo(bed: Bed, root: BareRoot): Promise<Program> {
  const program = start(bed, root, "client", "-L", TUNGO, "-F", HOP);
  await program.line("service.device");
  return program;
}
