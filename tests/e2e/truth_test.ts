import { createServer, type Socket } from "node:net";
import { once } from "node:events";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { selfSignedCertificate } from "../../src/inbound/self_signed.ts";
import {
  bedTest,
  FAR_END,
  HOP,
  SERVER,
  SILENT4,
  TARGET4,
  TUNGO,
  UNREACHABLE4,
} from "../support/bed.ts";
import {
  connect,
  drain,
  errnoOf,
  writeForEver,
} from "../support/applications.ts";
import { tcpTarget, whoAsks } from "../support/targets.ts";

const WEB = { hostname: TARGET4, port: 80 };
const SOME = { hostname: TARGET4, port: 7000 };

bedTest(
  "an application hears of a target what it would hear without tungo [K4]",
  async (bed) => {
    await bed.relayed();
    assertEquals(await errnoOf(connect(bed, SOME)), "ECONNREFUSED");
    const unreachable = connect(bed, { hostname: UNREACHABLE4, port: 80 });
    assertEquals(await errnoOf(unreachable), "EHOSTUNREACH");
    const silent = ["-sS", "--connect-timeout", "3", `http://${SILENT4}/`];
    const curl = `curl ${silent.join(" ")} || echo $?`;
    assertEquals(await bed.net.client.run("sh", "-c", curl), "28\n");
  },
);

bedTest(
  "an application's connection is reset when the target resets it",
  async (bed) => {
    await bed.relayed();
    const target = await bed.net.server.inside(() => createServer());
    await bed.net.server.inside(async () => {
      target.listen(SOME.port, SOME.hostname);
      await once(target, "listening");
    });
    target.on("connection", (socket: Socket) => {
      socket.once("data", () => socket.resetAndDestroy());
    });
    using connection = await connect(bed, SOME);
    await connection.write(Uint8Array.of(1));
    assertEquals(await errnoOf(drain(connection)), "ECONNRESET");
    target.close();
  },
);

bedTest(
  "an application's connection is reset when the far end is killed, and the next one works once it is back",
  async (bed) => {
    const { server } = bed.net;
    const { farEnd } = await bed.relayed();
    await using _web = await whoAsks(server, WEB);
    using _target = await tcpTarget(server, SOME, writeForEver);
    using connection = await connect(bed, SOME);
    await connection.read(new Uint8Array(1));

    await farEnd.stop("SIGKILL");
    assertEquals(await errnoOf(drain(connection)), "ECONNRESET");
    assertEquals(await errnoOf(connect(bed, WEB)), "EHOSTUNREACH");

    await bed.farEnd("-L", FAR_END);
    const curl = ["-sS", `http://${TARGET4}/`];
    assertEquals(await bed.net.client.run("curl", ...curl), TARGET4);
  },
);

bedTest(
  "a client that never reads is held back, and others are not",
  async (bed) => {
    const { client, server } = bed.net;
    await bed.relayed();
    await using _web = await whoAsks(server, WEB);
    let sent = 0;
    using _target = await tcpTarget(server, SOME, async (connection) => {
      const octets = new Uint8Array(65_536);
      for (;;) sent += await connection.write(octets);
    });
    using _idle = await connect(bed, SOME);
    let before = -1;
    while (sent === 0 || sent !== before) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    // Two sockets of the far end's, one carrier and one TUN lie in between.
    assert(sent < 64 << 20, `${sent} octets`);
    const curl = ["-sS", `http://${TARGET4}/`];
    assertEquals(await client.run("curl", ...curl), TARGET4);
  },
);

bedTest(
  "a wrong password is told in the log, and the application finds no way [K5]",
  async (bed) => {
    await bed.farEnd("-L", FAR_END);
    const hop = HOP.replace("pass", "wrong");
    const tungo = await bed.tungo("-L", TUNGO, "-F", hop);
    assertEquals(await errnoOf(connect(bed, WEB)), "EHOSTUNREACH");
    const { reason, level } = await tungo.line("flow.close");
    assertEquals(level, "warn");
    assertMatch(String(reason), /unauthorized.*check user and password/);
  },
);

bedTest(
  "with secure=true a certificate must be of an authority that is known and for that name",
  async (bed) => {
    const { client, server } = bed.net;
    await using _web = await whoAsks(server, WEB);
    const { cert, key } = selfSignedCertificate({
      names: ["relay.example"],
      now: new Date(),
      days: 1,
    });
    await Deno.writeTextFile(`${bed.run}/cert.pem`, cert);
    await Deno.writeTextFile(`${bed.run}/key.pem`, key);
    await bed.farEnd(
      "-L",
      `${FAR_END}?certFile=/run/cert.pem&keyFile=/run/key.pem`,
    );
    const cases = [
      ["", false, /not accepted \(DEPTH_ZERO_SELF_SIGNED_CERT\): give its CA/],
      ["&caFile=/run/cert.pem", false, /not accepted \(ERR_TLS_CERT_ALTNAME/],
      ["&caFile=/run/cert.pem&serverName=relay.example", true, /^end$/],
    ] as const;
    for (const [options, works, expected] of cases) {
      const tungo = await bed.tungo(
        "-L",
        TUNGO,
        "-F",
        `${HOP}&secure=true${options}`,
      );
      const curl = `curl -sS http://${TARGET4}/ 2>&1 || true`;
      const output = await client.run("sh", "-c", curl);
      const { reason } = await tungo.line("flow.close");
      assertEquals(output === TARGET4, works);
      assertMatch(String(reason), expected);
      await tungo.stop();
    }
  },
);

bedTest(
  "a relay that talks nonsense costs the flow that asked it",
  async (bed) => {
    const { server } = bed.net;
    const where = { hostname: SERVER, port: 8080 };
    const answers = [
      [[0xff, 0, 0, 0], /cannot be read: Expected version 1, got 255/],
      [[1], /hung up without an answer/],
    ] as const;
    const queue = answers.map(([octets]) => Uint8Array.from(octets));
    using _liar = await tcpTarget(server, where, async (connection) => {
      await connection.read(new Uint8Array(1024));
      await connection.write(queue.shift() ?? Uint8Array.of(0));
    });
    const hop = `relay+tcp://${SERVER}:8080?interface=eth0`;
    const tungo = await bed.tungo("-L", TUNGO, "-F", hop);
    for (const [i, [, reason]] of answers.entries()) {
      const errno = await errnoOf(connect(bed, WEB).then(drain));
      assertMatch(String(errno), /^(EHOSTUNREACH|ECONNRESET)$/);
      const line = await tungo.line("flow.close", { id: i + 1 });
      assertMatch(String(line.reason), reason);
    }
  },
);

bedTest("a far end stops although connections to it are open", async (bed) => {
  const { server } = bed.net;
  const { farEnd } = await bed.relayed();
  using _target = await tcpTarget(server, SOME, drain);
  using _flow = await connect(bed, SOME);
  using _mute = await connect(bed, { hostname: SERVER, port: 8443 });
  assertEquals((await farEnd.stop()).code, 0);
});
