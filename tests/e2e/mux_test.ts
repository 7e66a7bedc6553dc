/** Many flows on one carrier. */
import { assert, assertEquals } from "@std/assert";
import {
  connect,
  drain,
  errnoOf,
  writeForEver,
} from "../support/applications.ts";
import { bedTest, SERVER, SERVER1, TARGET4, TUNGO } from "../support/bed.ts";
import { tcpTarget, whoAsks } from "../support/targets.ts";

const WEB = { hostname: TARGET4, port: 80 };
const SOME = { hostname: TARGET4, port: 7000 };
const OTHER = { hostname: TARGET4, port: 7001 };
const FLOWS = 100;

async function echo(connection: Deno.Conn): Promise<void> {
  const octets = new Uint8Array(1);
  while (await connection.read(octets) !== null) await connection.write(octets);
}

bedTest(
  "100 flows end with their carrier, those of another do not, and the next one opens a new one",
  async (bed) => {
    const { server, client } = bed.net;
    const farEnd = await bed.farEnd("-L", "relay+mwss://:8443");
    await bed.farEnd("-L", "relay+mwss://:8444");
    await bed.tungo(
      ...["-L", `${TUNGO}&retries=1`],
      ...[
        "-F",
        `relay+mwss://${SERVER}:8443,${SERVER1}:8444?strategy=round&failTimeout=1s`,
      ],
    );
    await using _web = await whoAsks(server, WEB);
    using _target = await tcpTarget(server, SOME, echo);
    const octet = new Uint8Array(1);
    const open = async (): Promise<Deno.TcpConn> => {
      const connection = await connect(bed, SOME);
      await connection.write(octet);
      await connection.read(octet);
      return connection;
    };
    const flows = await Promise.all(Array.from({ length: FLOWS }, open));

    await farEnd.stop("SIGKILL");
    const ends = await Promise.all(flows.map(async (flow) => {
      await flow.write(octet).catch(() => {});
      return await errnoOf(flow.read(octet));
    }));
    assertEquals(ends.filter((end) => end === "ECONNRESET").length, FLOWS / 2);
    assertEquals(ends.filter((end) => end === undefined).length, FLOWS / 2);

    await bed.farEnd("-L", "relay+mwss://:8443");
    const curl = ["-sS", `http://${TARGET4}/`];
    for (let i = 0; i < 4; i++) {
      assertEquals(await client.run("curl", ...curl), TARGET4);
    }
    for (const flow of flows) flow.close();
  },
);

for (const transport of ["mtcp", "mwss"]) {
  bedTest(
    `a client that never reads does not hold up others on its ${transport} carrier`,
    async (bed) => {
      const { client, server } = bed.net;
      await bed.farEnd("-L", `relay+${transport}://:8443`);
      await bed.tungo(
        ...["-L", TUNGO],
        ...["-F", `relay+${transport}://${SERVER}:8443?interface=eth0`],
      );
      await using _web = await whoAsks(server, WEB);
      let sent = 0;
      using _target = await tcpTarget(server, SOME, async (connection) => {
        const octets = new Uint8Array(65_536);
        for (;;) sent += await connection.write(octets);
      });
      const idle = await Promise.all([1, 2, 3].map(() => connect(bed, SOME)));
      let before = -1;
      while (sent === 0 || sent !== before) {
        before = sent;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      assert(sent < 96 << 20, `${sent} octets`);
      const curl = ["-sS", "--max-time", "5", `http://${TARGET4}/`];
      assertEquals(await client.run("curl", ...curl), TARGET4);
      for (const connection of idle) connection.close();
    },
  );

  bedTest(
    `a half-closed flow gets its answer over ${transport}, and a cut one ends as a reset`,
    async (bed) => {
      const { server } = bed.net;
      const farEnd = await bed.farEnd("-L", `relay+${transport}://:8443`);
      await bed.tungo(
        ...["-L", TUNGO],
        ...["-F", `relay+${transport}://${SERVER}:8443?interface=eth0`],
      );
      using _target = await tcpTarget(server, SOME, async (connection) => {
        const into = new Uint8Array(65_536);
        let octets = 0;
        for (;;) {
          const read = await connection.read(into);
          if (read === null) break;
          octets += read;
        }
        await connection.write(new TextEncoder().encode(`${octets}`));
      });
      using _endless = await tcpTarget(server, OTHER, writeForEver);
      using connection = await connect(bed, SOME);
      await connection.write(new Uint8Array(1000));
      await connection.closeWrite();
      const into = new Uint8Array(100);
      const read = await connection.read(into);
      const answer = into.subarray(0, read ?? 0);
      assertEquals(new TextDecoder().decode(answer), "1000");

      const cut = await connect(bed, OTHER);
      await cut.read(new Uint8Array(1));
      await farEnd.stop("SIGTERM");
      assertEquals(await errnoOf(drain(cut)), "ECONNRESET");
    },
  );
}
