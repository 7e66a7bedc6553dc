import { assertEquals } from "@std/assert";
import { Carried } from "../../../src/app/carried.ts";
import { buildPipeline, pipelineOf } from "../../../src/app/pipeline.ts";
import type { Context } from "../../../src/app/context.ts";
import type { TcpFlow } from "../../../src/flow/flow.ts";
import { tungoOf, type Written } from "../../support/config.ts";
import { testContext } from "../../support/context.ts";
import { tcpFlow } from "../../support/flows.ts";
import { settle } from "../../support/manual_clock.ts";
import { ascii } from "../../support/octets.ts";
import { streamPair } from "../../support/stream_pair.ts";

const SERVICE = "tungo://:0?net=10.0.0.1/24";
const SNIFFING = `${SERVICE}&sniffing=true`;
const RELAY = "relay://u:pw@198.51.100.9:8443";

const network = (): Context => testContext(() => streamPair()[0]);

/** Which of the flows would take another way when the configuration is `after` instead of `before`. */
async function changed(
  [before, after]: readonly [Written, Written],
  flows: readonly (Partial<TcpFlow> & { readonly said?: string })[],
): Promise<readonly number[]> {
  const carried = new Carried();
  const build = (written: Written) =>
    buildPipeline(pipelineOf(tungoOf(written)), network(), carried);
  const { handle } = await build(before);
  for (const [id, { said = "", ...changes }] of flows.entries()) {
    const [application, local] = streamPair();
    if (said !== "") await application.write(ascii(said));
    handle(tcpFlow(local, { id, ...changes })).catch(() => {});
  }
  await settle();
  return await carried.changedBy(await build(after));
}

const to = (host: string) => ({ dst: { host, port: 443 } });
const flows = [to("192.0.2.1"), to("10.1.2.3")];

Deno.test("Carried finds the flows that a new configuration would send another way", async () => {
  const rows: readonly [string, Written, Written, number[]][] = [
    [
      "nothing is different",
      { L: [SERVICE], F: [RELAY] },
      { L: [SERVICE], F: [RELAY] },
      [],
    ],
    [
      "a bypass",
      { L: [SERVICE], F: [RELAY] },
      { L: [SERVICE], F: [`${RELAY}?bypass=10.0.0.0/8`] },
      [1],
    ],
    [
      "the address of the node",
      { L: [SERVICE], F: [RELAY] },
      { L: [SERVICE], F: ["relay://u:pw@198.51.100.10:8443"] },
      [0, 1],
    ],
    [
      "a password",
      { L: [SERVICE], F: [RELAY] },
      { L: [SERVICE], F: ["relay://u:px@198.51.100.9:8443"] },
      [0, 1],
    ],
    [
      "the service's interface, for what goes straight out",
      { L: [SERVICE], F: [`${RELAY}?bypass=10.0.0.0/8`] },
      { L: [`${SERVICE}&interface=eth1`], F: [`${RELAY}?bypass=10.0.0.0/8`] },
      [1],
    ],
    [
      "what the service turns down",
      { L: [SERVICE], F: [RELAY] },
      { L: [`${SERVICE}&bypass=192.0.2.1`], F: [RELAY] },
      [0],
    ],
    ["the chain", { L: [SERVICE], F: [RELAY] }, { L: [SERVICE] }, [0, 1]],
  ];
  for (const [what, before, after, expected] of rows) {
    assertEquals(
      [what, await changed([before, after], flows)],
      [what, expected],
    );
  }
});

Deno.test("Carried goes by the name that a flow was found to have", async () => {
  const said = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
  const after = { L: [SNIFFING], F: [`${RELAY}?bypass=a.example`] };
  const ids = await changed(
    [{ L: [SNIFFING], F: [RELAY] }, after],
    [{ said }, { said: said.replace("a.", "b.") }],
  );
  assertEquals(ids, [0]);
});

Deno.test("Carried leaves flows on nodes that are still a choice, whoever's turn it is", async () => {
  const F = (nodes: string, more = ""): Written => ({
    L: [SERVICE],
    F: [`relay://${nodes}?strategy=round${more}`],
  });
  const before = F("198.51.100.1:1,198.51.100.2:1");
  const six = Array.from({ length: 6 }, () => to("192.0.2.1"));
  assertEquals(
    await changed([before, F("198.51.100.2:1,198.51.100.1:1")], six),
    [],
  );
  assertEquals(
    await changed([before, F("198.51.100.2:1,198.51.100.3:1")], six),
    [0, 2, 4],
  );
});

Deno.test("Carried hands a flow that is still being sniffed to the pipeline that has come after", async () => {
  const carried = new Carried();
  const asked: string[] = [];
  const context = testContext(({ host }) => {
    asked.push(host);
    return streamPair()[0];
  });
  const build = (written: Written) =>
    buildPipeline(pipelineOf(tungoOf(written)), context, carried);
  const older = await build({ L: [SNIFFING], F: [RELAY] });
  const newer = await build({ L: [SERVICE] });
  const [application, local] = streamPair();
  older.handle(tcpFlow(local)).catch(() => {});
  await settle();
  carried.successor = newer.carry;
  await application.write("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  await settle();
  assertEquals(asked.at(-1), "192.0.2.1");
});
