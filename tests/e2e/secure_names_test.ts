/** Nameservers by TLS and HTTPS, asked by tungo itself. */
import { assertEquals, assertMatch } from "@std/assert";
import { selfSignedCertificate } from "../../src/inbound/self_signed.ts";
import { type Bed, bedTest, CLIENT, SERVER, TARGET4 } from "../support/bed.ts";
import {
  startHttpsNameserver,
  startNameserver,
} from "../support/nameserver.ts";
import { whoAsks } from "../support/targets.ts";

const ZONE = { "www.example": [TARGET4] };
const CERTIFICATE = selfSignedCertificate({
  names: ["dns.example"],
  now: new Date(),
  days: 1,
});
const TRUSTED = "hostname: dns.example, caFile: /run/ca.pem";

/** What a web client hears through tungo, whose service has a resolver with this one nameserver; and how its flow has ended. */
async function ask(bed: Bed, nameserver: string): Promise<string> {
  await Deno.writeTextFile(`${bed.run}/ca.pem`, CERTIFICATE.cert);
  await Deno.writeTextFile(
    `${bed.run}/tungo.yaml`,
    `
services:
- name: s
  resolver: r
  handler: { type: tungo, metadata: { sniffing: true } }
  listener:
    type: tungo
    metadata: { net: 192.168.123.1/24, route: 203.0.113.0/24 }
  metadata: { interface: eth0 }
resolvers:
- name: r
  nameservers: [{ ${nameserver}, only: ipv4 }]
`,
  );
  const tungo = await bed.tungo("-C", "/run/tungo.yaml");
  const curl = "curl -sS --connect-to ::203.0.113.9:80 http://www.example/";
  const heard = await bed.net.client.run("sh", "-c", `${curl} 2>&1 || true`);
  const { reason } = await tungo.line("flow.close");
  await tungo.stop();
  return `${heard} ${reason}`;
}

bedTest(
  "a nameserver is asked by TLS, verified by its hostname",
  async (bed) => {
    const { server } = bed.net;
    await using _web = await whoAsks(server, { hostname: TARGET4, port: 80 });
    await using nameserver = await startNameserver(server, SERVER, {
      zone: ZONE,
      tls: CERTIFICATE,
    });
    const addr = `addr: "tls://${SERVER}"`;
    const good = `${CLIENT.eth0} end`;
    assertEquals(await ask(bed, `${addr}, ${TRUSTED}`), good);
    assertEquals(await ask(bed, addr), good);
    assertEquals(nameserver.asked, [
      "tls 10.0.0.1 www.example A",
      "tls 10.0.0.1 www.example A",
    ]);
    assertMatch(
      await ask(bed, `${addr}, hostname: other.example, caFile: /run/ca.pem`),
      /Cannot resolve "www.example": Asking tls:\/\/10.0.0.2:853 .*certificate is not accepted/,
    );
  },
);

for (const http1 of [false, true]) {
  const version = http1 ? "HTTP/1.1" : "HTTP/2";
  bedTest(
    `a nameserver is asked by HTTPS with ${version}, always verified`,
    async (bed) => {
      const { server } = bed.net;
      await using _web = await whoAsks(server, { hostname: TARGET4, port: 80 });
      await using nameserver = await startHttpsNameserver(server, SERVER, {
        zone: ZONE,
        ...CERTIFICATE,
        http1,
      });
      const addr = `addr: "https://${SERVER}/dns-query"`;
      assertEquals(await ask(bed, `${addr}, ${TRUSTED}`), `${CLIENT.eth0} end`);
      const asked = `${http1 ? "http/1.1" : "h2"} www.example A`;
      assertEquals(nameserver.asked, [asked]);
      assertMatch(
        await ask(bed, addr),
        /certificate is not accepted .* its name as hostname/,
      );
      assertMatch(
        await ask(bed, `addr: "https://${SERVER}/wrong", ${TRUSTED}`),
        /Asking https:\/\/10.0.0.2:443\/wrong for www.example failed: The server answered/,
      );
    },
  );
}
