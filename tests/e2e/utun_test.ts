/** The device of macOS on a fake of its library: see `tests/support/fake_libsystem.ts`. */
import { assertEquals, assertThrows } from "@std/assert";
import { type Libc, openLibc } from "../../ffi/libc.ts";
import { type PipeBinding, probePipes } from "../../ffi/node_handles.ts";
import { KqueuePoller } from "../../ffi/poller_darwin.ts";
import { createReaders } from "../../ffi/reader.ts";
import { DARWIN_ERRNO } from "../../ffi/errno_darwin.ts";
import { openTun } from "../../ffi/tun_darwin.ts";
import { DeviceError } from "../../src/base/errors.ts";
import type { Log } from "../../src/base/log.ts";
import type { Device } from "../../src/device/device.ts";
import { createPacketBuffer, HEADROOM } from "../../src/wire/packet_buffer.ts";
import { withChangedLibc, withoutHeaders } from "../support/changed_libc.ts";
import {
  type DeviceBench,
  FAR,
  NEAR,
  testDeviceContract,
} from "../support/device_contract.ts";
import {
  type FakeLibSystem,
  fakeLibSystem,
  type FakeLibSystemOptions,
} from "../support/fake_libsystem.ts";
import { netnsTest } from "../support/netns.ts";
import { recordingLog } from "../support/recording_log.ts";
import { serveDevice } from "../support/serve_device.ts";
import { silentLog } from "../support/silent_log.ts";
import { readUdpPacket, writeUdpPacket } from "../support/udp_packet.ts";

const SKIP = Deno.build.os !== "linux";
// deno-lint-ignore no-console -- a test that does not run must be seen not to
if (SKIP) console.log("SKIP: utun on a fake library: needs Linux");

interface Mac extends FakeLibSystem {
  readonly libc: Libc;
  open(name: string, log?: Log): Device;
}

async function withMac(
  options: Omit<FakeLibSystemOptions, "libc"> & {
    pipes?: PipeBinding | undefined;
  },
  test: (mac: Mac) => Promise<void> | void,
): Promise<void> {
  using libc = openLibc();
  using fake = fakeLibSystem({ ...options, libc });
  const { lib } = fake;
  await using poller = new KqueuePoller(lib);
  const openReader = createReaders({
    ...{ poller, pipes: options.pipes, eagain: DARWIN_ERRNO.EAGAIN },
    close: (fd) => void lib.close(fd),
  });
  await test({
    ...fake,
    libc,
    open: (name, log = silentLog) =>
      openTun({ name, mtu: 1420, log }, { lib, openReader }),
  });
}

const WAYS = {
  "batches and Deno's own loop": { batches: true, pipes: probePipes() },
  "batches and kqueue": { batches: true, pipes: undefined },
  "single calls and Deno's own loop": { batches: false, pipes: probePipes() },
  "single calls and kqueue": { batches: false, pipes: undefined },
};

for (const [way, options] of Object.entries(WAYS)) {
  testDeviceContract((title, test) =>
    Deno.test({
      name: `utun by ${way}: ${title}`,
      ignore: SKIP,
      fn: () =>
        withMac(options, async (mac) => {
          await using device = mac.open("utun7");
          await test(bench(device, mac));
        }),
    })
  );
}

/** FAR sits at the other end of the device's socket, and minds utun's header. */
function bench(device: Device, { libc, far }: Mac): DeviceBench {
  return {
    device,
    send(payload) {
      const packet = createPacketBuffer(2000);
      writeUdpPacket(packet, { from: FAR, to: NEAR, payload });
      packet.view.setUint32(HEADROOM - 4, 2);
      const framed = packet.bytes.subarray(
        ...[HEADROOM - 4, HEADROOM + packet.length] as const,
      );
      assertEquals(libc.write(far(), framed, framed.length), framed.length);
      return Promise.resolve();
    },
    async received() {
      const packet = createPacketBuffer(2000);
      const room = packet.bytes.subarray(HEADROOM - 4);
      let octets = -1;
      while ((octets = libc.read(far(), room, room.length)) < 0) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      assertEquals(packet.view.getUint32(HEADROOM - 4), 2);
      packet.length = octets - 4;
      return readUdpPacket(packet)?.payload ?? new Uint8Array();
    },
  };
}

macTest("openTun takes the utun that it is asked for, with its MTU, and up", {
  batches: true,
}, async (mac) => {
  const log = recordingLog();
  await using device = mac.open("utun7", log);
  assertEquals(device.name, "utun7");
  assertEquals(mac.link, { mtu: 1420, up: true });
  assertEquals(log.lines, []);
});

macTest("openTun takes the next utun for any other name, and says so", {
  batches: true,
}, async (mac) => {
  const log = recordingLog();
  await using device = mac.open("tungo", log);
  assertEquals(device.name, "utun3");
  assertEquals(log.lines, [
    'warn device.name {"name":"utun3","reason":"macOS names its devices itself, so it is not \\"tungo\\"","remedy":"hooks find the name in TUN_NAME"}',
  ]);
});

macTest("openTun says what to do where the name is taken", {
  batches: true,
}, (mac) => {
  const error = assertThrows(() => mac.open("utun1"), DeviceError);
  assertEquals(
    [error.message, error.remedy],
    [
      'Cannot make the device "utun1": it is in use (EBUSY)',
      "Choose another name=, or name=tungo for the next free one",
    ],
  );
});

macTest("openTun asks for root where the system refuses", {
  batches: true,
  refuse: { connect: "EPERM" },
}, (mac) => {
  const error = assertThrows(() => mac.open("tungo"), DeviceError);
  assertEquals(
    [error.message, error.remedy],
    ['Cannot make the device "tungo": EPERM', "Run tungo as root (sudo)"],
  );
});

macTest("utun sends the packets of a turn with one call", {
  batches: true,
}, async (mac) => {
  await using device = mac.open("utun7");
  const packet = createPacketBuffer();
  for (let i = 0; i < 20; i++) {
    const payload = Uint8Array.of(i);
    writeUdpPacket(packet, { from: NEAR, to: FAR, payload });
    assertEquals(device.send(packet), true);
  }
  assertEquals(mac.calls["sendmsg_x"], undefined);
  const { received } = bench(device, mac);
  for (let i = 0; i < 20; i++) assertEquals(await received(), Uint8Array.of(i));
  assertEquals(mac.calls["sendmsg_x"], 1);
});

macTest("utun loses what the system has no room for, and goes on", {
  batches: true,
  refuse: { sendmsg_x: "ENOBUFS" },
}, async (mac) => {
  await using device = mac.open("utun7");
  const packet = createPacketBuffer();
  writeUdpPacket(packet, { from: NEAR, to: FAR, payload: Uint8Array.of(1) });
  const results = Array.from({ length: 32 }, () => device.send(packet));
  assertEquals(results.filter((sent) => !sent).length, 1);
  assertEquals(mac.calls["sendmsg_x"], 4 * 32);
});

/** Octets each way. */
const TRANSFER = 16 << 20;

for (const batches of [true, false]) {
  const way = batches ? "batches" : "single calls";
  netnsTest(
    `the kernel's TCP moves octets both ways through a utun by ${way}`,
    [
      "host",
    ],
    async (net) => {
      await withMac({ batches }, async (mac) => {
        await net.host.sysctl("net.ipv6.conf.default.disable_ipv6", 1);
        await using near = mac.open("utun7");
        using _server = serveDevice(near);
        await withChangedLibc(withoutHeaders, async (openTun) => {
          await using tun = await net.host.inside(() =>
            openTun({ name: "tun0", mtu: 1420, log: silentLog })
          );
          await net.host.ip("addr add 10.9.0.1/24 dev tun0");
          const pumping = pump(tun, mac);
          const client = "../support/transfer_client.ts";
          const said = await net.host.run(
            ...[Deno.execPath(), "run", "-A"] as const,
            ...[new URL(client, import.meta.url).pathname],
            ...["10.9.0.2", "80", `${TRANSFER}`],
          );
          await tun[Symbol.asyncDispose]();
          await pumping;
          assertEquals(said, "ok\n");
        });
      });
    },
  );
}

/** Carries packets between the kernel's device and the far end of the utun's socket. */
async function pump(tun: Device, { libc, far }: Mac): Promise<void> {
  const packet = createPacketBuffer();
  const room = packet.bytes.subarray(HEADROOM - 4);
  const outward = setInterval(() => {
    let octets: number;
    while ((octets = libc.read(far(), room, room.length)) > 0) {
      packet.start = HEADROOM;
      packet.length = octets - 4;
      tun.send(packet);
    }
  });
  const inward = createPacketBuffer();
  while (await tun.readable()) {
    while (tun.receive(inward)) {
      inward.view.setUint32(HEADROOM - 4, 2);
      const end = HEADROOM + inward.length;
      const framed = inward.bytes.subarray(HEADROOM - 4, end);
      libc.write(far(), framed, framed.length);
    }
  }
  clearInterval(outward);
}

function macTest(
  name: string,
  options: Omit<FakeLibSystemOptions, "libc">,
  test: (mac: Mac) => Promise<void> | void,
): void {
  Deno.test({ name, ignore: SKIP, fn: () => withMac(options, test) });
}
