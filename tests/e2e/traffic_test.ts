import { assertEquals } from "@std/assert";
import { bedTest, TARGET4, TARGET6 } from "../support/bed.ts";
import {
  httpTarget,
  octetSource,
  sha256Of,
  tcpTarget,
  whoAsks,
} from "../support/targets.ts";

const GIB = 2 ** 30;
const WEB = { hostname: TARGET4, port: 80 };
const SOME = { hostname: TARGET4, port: 7000 };

bedTest("tungo carries curl to a server over IPv4 and IPv6", async (bed) => {
  const { client, server } = bed.net;
  await bed.relayed();
  await using _four = await whoAsks(server, WEB);
  await using _six = await whoAsks(server, { hostname: TARGET6, port: 80 });
  const curl = (url: string) => client.run("curl", "-sS", url);
  assertEquals(await curl(`http://${TARGET4}/`), TARGET4);
  assertEquals(await curl(`http://[${TARGET6}]/`), TARGET6);
});

bedTest("tungo carries 1 GiB down and up without a change", async (bed) => {
  const { client, server } = bed.net;
  await bed.relayed();
  const source = octetSource(GIB);
  await using _web = await httpTarget(server, WEB, async ({ body }) => {
    return new Response(body === null ? source.octets : await sha256Of(body));
  });
  const url = `http://${TARGET4}/`;
  const shell = (line: string) => client.run("sh", "-c", line);
  const down = await shell(`curl -sS ${url} | sha256sum`);
  assertEquals(down, `${source.sha256()}  -\n`);

  const file = await Deno.makeTempFile();
  try {
    const up = octetSource(GIB);
    await Deno.writeFile(file, up.octets);
    const sent = await client.run("curl", "-sS", "-T", file, url);
    assertEquals(sent, up.sha256());
  } finally {
    await Deno.remove(file);
  }
});

bedTest("tungo carries 200 connections at the same time", async (bed) => {
  const { client, server } = bed.net;
  const { tungo } = await bed.relayed();
  const all = Promise.withResolvers<void>();
  let count = 0;
  using _target = await tcpTarget(server, SOME, async (connection) => {
    const octets = new Uint8Array(4);
    await connection.read(octets);
    if (++count === 200) all.resolve();
    await all.promise;
    await connection.write(octets);
  });
  const answers = await client.inside(() =>
    Promise.all(Array.from({ length: 200 }, async (_, i) => {
      using connection = await Deno.connect(SOME);
      await connection.write(Uint8Array.of(1, 2, 3, i));
      return [...await new Response(connection.readable).bytes()];
    }))
  );
  answers.forEach((answer, i) => assertEquals(answer, [1, 2, 3, i]));
  await tungo.stop();
  const ends = tungo.log.filter(({ msg }) => msg === "flow.close");
  assertEquals(ends.length, 200);
  assertEquals(new Set(ends.map(({ reason }) => reason)), new Set(["end"]));
});

bedTest("tungo carries what a server says first [K7]", async (bed) => {
  const { client, server } = bed.net;
  await bed.relayed();
  const banner = "SSH-2.0-OpenSSH_9.9\r\n";
  using _target = await tcpTarget(server, SOME, async (connection) => {
    await connection.write(new TextEncoder().encode(banner));
  });
  const heard = await client.run("nc", "-d", "-w", "5", TARGET4, "7000");
  assertEquals(heard, banner);
});

bedTest(
  "tungo carries the end of one direction while the other goes on [H.2 half-close, K8]",
  async (bed) => {
    const { client, server } = bed.net;
    await bed.relayed();
    // The server answers only after it has seen the client's end.
    using _late = await tcpTarget(server, SOME, async (connection) => {
      const question = await readAll(connection);
      await connection.write(question.reverse());
      await connection.closeWrite();
    });
    // The server ends first, and listens on.
    const heard = Promise.withResolvers<Uint8Array>();
    const first = { ...SOME, port: 7001 };
    using _first = await tcpTarget(server, first, async (connection) => {
      await connection.write(Uint8Array.of(7));
      await connection.closeWrite();
      heard.resolve(await readAll(connection));
    });
    using asking = await client.inside(() => Deno.connect(SOME));
    await asking.write(Uint8Array.of(1, 2, 3));
    await asking.closeWrite();
    assertEquals(await readAll(asking), Uint8Array.of(3, 2, 1));

    using telling = await client.inside(() => Deno.connect(first));
    assertEquals(await readAll(telling), Uint8Array.of(7));
    await telling.write(Uint8Array.of(4, 5, 6));
    await telling.closeWrite();
    assertEquals(await heard.promise, Uint8Array.of(4, 5, 6));
  },
);

async function readAll(connection: Deno.Conn): Promise<Uint8Array> {
  const pieces: number[] = [];
  const into = new Uint8Array(4096);
  for (;;) {
    const count = await connection.read(into);
    if (count === null) return Uint8Array.from(pieces);
    pieces.push(...into.subarray(0, count));
  }
}
