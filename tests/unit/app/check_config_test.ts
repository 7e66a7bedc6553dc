import { assertEquals } from "@std/assert";
import { checkConfig } from "../../../src/app/check_config.ts";
import { formatProblem } from "../../../src/config/problems.ts";
import { configOf, type Written } from "../../support/config.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { silentLog } from "../../support/silent_log.ts";

/** Where and of which key; what the system says is its own. */
async function problemsOf(written: Written): Promise<string[]> {
  const options = { clock: new ManualClock(), log: silentLog };
  const errors = await checkConfig(configOf(written), options);
  return errors.map((error) =>
    formatProblem(error).replace(/No such file.*'/, "none")
  );
}

const NONE = "tests/fixtures/none.pem";
/** A file that holds no certificate. */
const OTHER = "tests/fixtures/relay/README.md";

Deno.test("checkConfig() reads all files that a configuration names, and says of each what is wrong", async () => {
  const yaml = `
services:
- name: t
  handler: { type: tungo, chain: c }
  listener: { type: tungo }
- name: f
  addr: ":8443"
  handler: { type: relay }
  listener: { type: tls, tls: { certFile: ${NONE}, keyFile: ${NONE} } }
chains:
- name: c
  hops:
  - name: h
    bypass: b
    nodes:
    - name: n
      addr: "192.0.2.9:443"
      connector: { type: relay }
      dialer: { type: wss, tls: { secure: true, caFile: ${OTHER} } }
bypasses:
- { name: b, file: { path: tests/fixtures/none.txt } }
`;
  assertEquals(await problemsOf({ yaml }), [
    `a.yaml:9:31: Cannot read "${NONE}": none (tls.certFile)`,
    `a.yaml:19:33: Cannot use "${OTHER}" as it holds no certificate in PEM (tls.caFile)`,
    'a.yaml:21:28: Cannot read "tests/fixtures/none.txt": none (bypasses[0].file.path)',
  ]);
});

Deno.test("checkConfig() builds the rest where the files are all right", async () => {
  const F = ["relay+wss://192.0.2.9:443?bypass=10.0.0.0/8"];
  assertEquals(await problemsOf({ L: ["tungo://:0", "relay://:1"], F }), []);
});
