import { assert, assertEquals } from "@std/assert";
import { ERRNO } from "../../ffi/errno.ts";
import { type Libc, openLibc } from "../../ffi/libc.ts";
import { probePipes } from "../../ffi/node_handles.ts";
import { EpollPoller } from "../../ffi/poller_linux.ts";
import { createReaders } from "../../ffi/reader.ts";
import { linuxSockets } from "../../ffi/socket_calls_linux.ts";
import { openTun } from "../../ffi/tun_linux.ts";
import type { OpenTun } from "../../src/device/open_tun.ts";
import type { Offload } from "../../src/wire/packet_buffer.ts";
import { testDeviceContract } from "../support/device_contract.ts";
import { netnsTest } from "../support/netns.ts";
import { openTunBench, openTunHere } from "../support/tun_bench.ts";

const TUNGETFEATURES = 0x800454cf;
const TUNSETOFFLOAD = 0x400454d0;
const NEITHER = { tcp: false, udp: false };

/** What an older kernel, or a broken one, answers. */
interface OldKernel {
  readonly name: string;
  readonly change: (libc: Libc) => Partial<Libc>;
  readonly offload: Offload;
  /** What `ip -d link` says of the device. */
  readonly says: string;
}

const KERNELS: readonly OldKernel[] = [
  {
    name: "without headers",
    change: ({ ioctl }) => ({
      ioctl: (fd, request, argument) =>
        request === TUNGETFEATURES ? -1 : ioctl(fd, request, argument),
    }),
    offload: { ...NEITHER, checksum: false },
    says: "vnet_hdr off",
  },
  {
    name: "without any offload",
    change: accepting(() => false),
    offload: { ...NEITHER, checksum: false },
    says: "vnet_hdr on",
  },
  {
    name: "with checksums only",
    change: accepting((mask) => mask <= 0x01),
    offload: { ...NEITHER, checksum: true },
    says: "vnet_hdr on",
  },
  {
    name: "before USO (6.2)",
    change: accepting((mask) => mask <= 0x07),
    offload: { tcp: true, udp: false, checksum: true },
    says: "vnet_hdr on",
  },
  {
    name: "that refuses super-packets (6.10.3)",
    change: ({ write }) => ({
      write: (fd, octets, length) =>
        isSuperPacket(octets) ? -1 : write(fd, octets, length),
      errno: () => ERRNO.EINVAL,
    }),
    offload: { ...NEITHER, checksum: true },
    says: "vnet_hdr on",
  },
  {
    name: "that mangles UDP super-packets (7.0)",
    change: ({ write }) => ({
      write: (fd, octets, length) =>
        isSuperPacket(octets)
          ? write(fd, mangled(octets), length)
          : write(fd, octets, length),
    }),
    offload: { tcp: true, udp: false, checksum: true },
    says: "vnet_hdr on",
  },
];

for (const kernel of KERNELS) {
  netnsTest(
    `Linux TUN ${kernel.name}: offload says what is usable`,
    ["host"],
    (net) =>
      withKernel(kernel, async (openTun) => {
        await using device = await openTunHere(net, { openTun });
        const link = await net.host.ip("-d link show tun0");
        assertEquals(device.offload, kernel.offload);
        assert(link.includes(kernel.says), link);
      }),
  );
}

// The others differ in nothing that the contract is about.
for (const kernel of KERNELS.slice(0, 2)) {
  testDeviceContract((title, test) =>
    netnsTest(
      `Linux TUN ${kernel.name}: ${title}`,
      ["host"],
      (net) =>
        withKernel(kernel, async (openTun) => {
          await using bench = await openTunBench(net, { openTun });
          await test(bench);
        }),
    )
  );
}

async function withKernel(
  { change }: OldKernel,
  test: (openTun: OpenTun) => Promise<void>,
): Promise<void> {
  using real = openLibc();
  const libc = { ...real, ...change(real) };
  await using poller = new EpollPoller(real);
  const openReader = createReaders({
    ...{ poller, pipes: probePipes(), eagain: ERRNO.EAGAIN },
    close: (fd) => void libc.close(fd),
  });
  await test((options) =>
    openTun(options, { libc, sockets: linuxSockets(libc), openReader })
  );
}

function accepting(
  accepts: (mask: number) => boolean,
): OldKernel["change"] {
  return ({ ioctlValue }) => ({
    ioctlValue: (fd, request, value) =>
      request === TUNSETOFFLOAD && value !== 0 && !accepts(value)
        ? -1
        : ioctlValue(fd, request, value),
  });
}

type Octets = Parameters<Libc["write"]>[1];

/** By the gso_type of its virtio_net_hdr. */
function isSuperPacket(octets: Octets): octets is Uint8Array<ArrayBuffer> {
  return octets instanceof Uint8Array && octets.length > 64 && octets[1] !== 0;
}

/** Another payload under the checksum of the first segment only. */
function mangled(octets: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = octets.slice();
  const at = 16 + 20 + 8 + 32;
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}
