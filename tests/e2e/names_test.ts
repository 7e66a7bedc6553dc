import { assertEquals, assertMatch } from "@std/assert";
import {
  type Bed,
  bedTest,
  CLIENT,
  SERVER,
  TARGET4,
  TUNGO,
} from "../support/bed.ts";
import { startHttpProxy } from "../support/http_proxy.ts";
import { startNameserver } from "../support/nameserver.ts";
import { whoAsks } from "../support/targets.ts";

const WEB = { hostname: TARGET4, port: 80 };
const ZONE = {
  "www.example": [TARGET4, "2001:db8::10"],
  "alias.example": ["@www.example"],
  "many.example": Array.from({ length: 60 }, (_, i) => `192.0.2.${i}`),
};

/** What dig says, in short. */
function dig(bed: Bed, ...args: string[]): Promise<string> {
  const words = ["+short", "+tries=1", "+timeout=5", ...args].join(" ");
  return bed.net.client.run("sh", "-c", `dig ${words} 2>&1 || true`);
}

bedTest(
  "where the way out carries no datagrams, DNS goes by TCP and other UDP is refused at once",
  async (bed) => {
    const { server } = bed.net;
    await using proxy = await startHttpProxy(server, SERVER, 8080);
    await using nameserver = await startNameserver(server, TARGET4, {
      zone: ZONE,
    });
    const hop = `http://${SERVER}:8080?interface=eth0`;
    const tungo = await bed.tungo("-L", `${TUNGO}&udpTimeout=1s`, "-F", hop);
    assertEquals(
      await dig(bed, `@${TARGET4}`, "alias.example"),
      `www.example.\n${TARGET4}\n`,
    );
    const { via, why } = await tungo.line("flow.close", { protocol: "udp" });
    assertEquals(via, `${TARGET4}:53 by TCP`);
    assertMatch(String(why), /node-0 .*400 Bad Request/);

    const many = await dig(
      bed,
      `@${TARGET4}`,
      "+ignore",
      "+noedns",
      "many.example",
    );
    assertEquals(many, "");
    const all = await dig(bed, `@${TARGET4}`, "many.example");
    assertEquals(all.trim().split("\n").length, 60);
    assertEquals(
      nameserver.asked.every((line) => line.startsWith("tcp")),
      true,
    );

    assertMatch(
      await dig(bed, "-p", "443", `@${TARGET4}`, "www.example"),
      /connection refused/,
    );
    const refused = await tungo.line("flow.close", { dst: `${TARGET4}:443` });
    assertMatch(String(refused.reason), /carries no datagrams/);
    const asked = proxy.asked.filter((line) => !line.startsWith("CONNECT 1"));
    assertEquals(asked.length, 1, "the proxy was asked for datagrams once");
  },
);

bedTest(
  "a service's resolver is asked past the device, and the node for the address",
  async (bed) => {
    const { client, server } = bed.net;
    await using _web = await whoAsks(server, WEB);
    await using nameserver = await startNameserver(server, SERVER, {
      zone: ZONE,
    });
    await bed.farEnd("-L", "relay+wss://user:pass@:8443");
    const tungo = await bed.tungo(
      ...[
        "-L",
        `${TUNGO}&sniffing=true&resolver=udp://${SERVER}&interface=eth0`,
      ],
      ...["-F", `relay+wss://user:pass@${SERVER}:8443?interface=eth0`],
    );
    const curl = ["-sS", "--connect-to", `::203.0.113.9:80`];
    const url = "http://alias.example/";
    assertEquals(await client.run("curl", ...curl, url), TARGET4);
    assertEquals(await client.run("curl", ...curl, url), TARGET4);
    const { via } = await tungo.line("flow.close");
    assertMatch(String(via), new RegExp(`> ${TARGET4}:80$`));
    assertEquals(nameserver.asked.sort(), [
      "udp 10.0.0.1 alias.example A",
      "udp 10.0.0.1 alias.example AAAA",
    ]);
  },
);

bedTest(
  "a rule by name matches a flow to the address that a nameserver gave for it, without sniffing",
  async (bed) => {
    const { client, server } = bed.net;
    await using _web = await whoAsks(server, WEB);
    await server.ip("addr add 198.51.100.53/32 dev lo");
    await using _nameserver = await startNameserver(server, "198.51.100.53", {
      zone: ZONE,
    });
    await Deno.writeTextFile(bed.resolvConf, "nameserver 198.51.100.53\n");
    await bed.farEnd("-L", "relay+wss://user:pass@:8443");
    const tungo = await bed.tungo(
      ...["-L", TUNGO],
      ...[
        "-F",
        `relay+wss://user:pass@${SERVER}:8443?interface=eth0&bypass=alias.example`,
      ],
    );
    const mount = `mount --bind ${bed.resolvConf} /etc/resolv.conf`;
    const curl = (url: string) =>
      client.run("sh", "-c", `${mount} && curl -4 -sS ${url}`);
    assertEquals(await curl("http://www.example/"), TARGET4);
    assertEquals(await curl("http://alias.example/"), CLIENT.eth0);
    const line = await tungo.line("flow.close", { name: "alias.example" });
    assertMatch(String(line.why), /alias\.example matches alias\.example/);
    assertEquals(line.dst, `${TARGET4}:80`);
  },
);
