import { assert, assertEquals, assertThrows } from "@std/assert";
import { probePipes } from "../../ffi/node_handles.ts";
import { openLinux } from "../../ffi/platform_linux.ts";
import { DeviceError } from "../../src/base/errors.ts";
import { formatAddress } from "../../src/wire/address.ts";
import { createPacketBuffer } from "../../src/wire/packet_buffer.ts";
import { FAR, NEAR, testDeviceContract } from "../support/device_contract.ts";
import { type Namespaces, netnsTest } from "../support/netns.ts";
import { silentLog } from "../support/silent_log.ts";
import { openTunBench, openTunHere, TUN } from "../support/tun_bench.ts";
import { TcpPeer } from "../support/tcp_peer.ts";
import { writeUdpPacket } from "../support/udp_packet.ts";

/** Both ways of waiting; a Deno without the first has only the second. */
const WAYS = { pipes: probePipes(), poller: undefined };

for (const [way, pipes] of Object.entries(WAYS)) {
  testDeviceContract((title, test) =>
    hostTest(`Linux TUN by ${way}: ${title}`, async (net) => {
      await using platform = openLinux(pipes);
      await using bench = await openTunBench(net, platform);
      await test(bench);
    })
  );

  hostTest(
    `Linux TUN by ${way}: a deleted device is not readable any more`,
    async (net) => {
      await using platform = openLinux(pipes);
      await using device = await openTunHere(net, platform);
      const readable = device.readable();
      await net.host.ip("link del tun0");

      assertEquals(await readable, false);
      assertEquals(device.receive(createPacketBuffer()), false);
      assertEquals(await device.readable(), false);
    },
  );
}

hostTest(
  "Linux TUN takes super-packets of TCP from the kernel",
  async (net) => {
    await using platform = openLinux(probePipes());
    const device = await openTunHere(net, platform);
    const peer = new TcpPeer(device);
    const serving = peer.serve();
    const payload = octets(60_000);
    await net.host.inside(async () => {
      const connection = await connect();
      await connection.write(payload);
      await connection.closeWrite();
      await until(() => peer.received.length === payload.length);
      connection.close();
    });
    await device[Symbol.asyncDispose]();
    await serving;

    assertEquals(peer.received, payload);
    const largest = peer.segments.reduce((a, b) => b.length > a.length ? b : a);
    assert(largest.length > 10 * TUN.mtu, `largest packet: ${largest.length}`);
    // The SYN-ACK offered a maximum segment size of 1380 and no timestamps.
    assertEquals(largest.segmentSize, 1380);
    assertEquals(largest.checksum, "partial");
  },
);

hostTest("Linux TUN gives super-packets of TCP to the kernel", async (net) => {
  await using platform = openLinux(probePipes());
  const device = await openTunHere(net, platform);
  const peer = new TcpPeer(device);
  const serving = peer.serve();
  const payload = octets(60_000);
  const got = await net.host.inside(async () => {
    const connection = await connect();
    await connection.write(octets(1));
    await until(() => peer.received.length === 1);
    assertEquals(peer.send(payload, 1380), true);
    const got = await readExactly(connection, payload.length);
    connection.close();
    return got;
  });
  await device[Symbol.asyncDispose]();
  await serving;

  assertEquals(got, payload);
});

hostTest("Linux TUN gives super-packets of UDP to the kernel", async (net) => {
  await using platform = openLinux(probePipes());
  await using bench = await openTunBench(net, platform);
  assertEquals(bench.device.offload.udp, true);
  const packet = createPacketBuffer();
  const payload = octets(2500);
  writeUdpPacket(packet, { from: NEAR, to: FAR, payload, checksum: "partial" });
  packet.segmentSize = 1000;
  assertEquals(bench.device.send(packet), true);

  assertEquals(await bench.received(), payload.subarray(0, 1000));
  assertEquals(await bench.received(), payload.subarray(1000, 2000));
  assertEquals(await bench.received(), payload.subarray(2000));
});

hostTest(
  "Linux TUN gives up an offload that the kernel refuses, and says so",
  async (net) => {
    await using platform = openLinux(probePipes());
    const told: unknown[] = [];
    const log = {
      ...silentLog,
      warn: (event: string, fields: unknown) => told.push([event, fields]),
    };
    await using device = await net.host.inside(() =>
      platform.openTun({ ...TUN, log })
    );
    const { offload } = device;
    const packet = createPacketBuffer();
    const payload = octets(1200);
    writeUdpPacket(packet, {
      from: NEAR,
      to: FAR,
      payload,
      checksum: "partial",
    });
    // More than 128 segments: EINVAL.
    packet.segmentSize = 8;

    assertEquals(device.send(packet), false);
    assertEquals(offload, { tcp: true, udp: false, checksum: true });
    assertEquals(told, [[
      "device.offload",
      { name: "tun0", tcp: true, udp: false },
    ]]);
  },
);

hostTest(
  "Linux TUN has the MTU and the queue that it was asked for",
  async (net) => {
    await using platform = openLinux(probePipes());
    await using device = await net.host.inside(() =>
      platform.openTun({ ...TUN, name: "tg%d", mtu: 9000, queueLength: 1234 })
    );
    const link = await net.host.ip("-d link show tg0");

    assertEquals(device.name, "tg0");
    assert(link.includes("mtu 9000"), link);
    assert(link.includes("qlen 1234"), link);
    assert(link.includes("vnet_hdr on persist off"), link);
    assert(link.includes(",UP,"), link);
  },
);

hostTest("Linux TUN is gone when it is closed", async (net) => {
  await using platform = openLinux(probePipes());
  for (let i = 0; i < 3; i++) {
    await using device = await openTunHere(net, platform);
    assertEquals(device.name, "tun0");
  }
  assertEquals((await net.host.ip("link")).includes("tun0"), false);
});

hostTest("openTun tells who has the name already", async (net) => {
  await using platform = openLinux(probePipes());
  await using _device = await openTunHere(net, platform);
  await net.host.ip("link add veth0 type veth peer name veth1");
  await net.host.inside(() => {
    const busy = refused({ ...TUN });
    assertEquals(busy.errno, "EBUSY");
    assert(
      busy.message.includes(`(process ${Deno.pid})`),
      busy.message,
    );
    const veth = refused({ ...TUN, name: "veth0" });
    assertEquals(veth.errno, "EINVAL");
    assert(veth.message.includes("another kind of interface"), veth.message);
  });

  function refused(options: typeof TUN): DeviceError {
    return assertThrows(() => platform.openTun(options), DeviceError);
  }
});

hostTest(
  "openTun refuses names and MTUs that the kernel does not take",
  async (net) => {
    await using platform = openLinux(probePipes());
    await net.host.inside(() => {
      for (
        const options of [
          { ...TUN, name: "sixteen-octets-0" },
          { ...TUN, name: "a/b" },
          { ...TUN, name: "" },
          { ...TUN, mtu: 67 },
          { ...TUN, mtu: 65_536 },
        ]
      ) {
        const { errno, remedy } = assertThrows(
          () => platform.openTun(options),
          DeviceError,
          String(options.mtu === TUN.mtu ? options.name : options.mtu),
        );
        assertEquals(errno, "EINVAL");
        assert(remedy);
      }
    });
    assertEquals((await net.host.ip("link")).includes("tun0"), false);
  },
);

function hostTest(
  title: string,
  test: (net: Namespaces<"host">) => Promise<void>,
): void {
  netnsTest(title, ["host"], test);
}

function connect(): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: formatAddress(NEAR.address), port: 80 });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

async function readExactly(
  connection: Deno.TcpConn,
  length: number,
): Promise<Uint8Array> {
  const octets = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await connection.read(octets.subarray(at));
    if (count === null) break;
    at += count;
  }
  return octets;
}

function octets(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => i * 7 + length);
}
