import { assert, assertEquals } from "@std/assert";
import { ERRNO } from "../../ffi/errno.ts";
import type { Libc } from "../../ffi/libc.ts";
import type { Offload } from "../../src/wire/packet_buffer.ts";
import {
  type ChangeLibc,
  withChangedLibc,
  withoutHeaders,
} from "../support/changed_libc.ts";
import { testDeviceContract } from "../support/device_contract.ts";
import { netnsTest } from "../support/netns.ts";
import { openTunBench, openTunHere } from "../support/tun_bench.ts";

const TUNSETOFFLOAD = 0x400454d0;
const NEITHER = { tcp: false, udp: false };

/** What an older kernel, or a broken one, answers. */
interface OldKernel {
  readonly name: string;
  readonly change: ChangeLibc;
  readonly offload: Offload;
  /** What `ip -d link` says of the device. */
  readonly says: string;
}

const KERNELS: readonly OldKernel[] = [
  {
    name: "without headers",
    change: withoutHeaders,
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
      withChangedLibc(kernel.change, async (openTun) => {
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
        withChangedLibc(kernel.change, async (openTun) => {
          await using bench = await openTunBench(net, { openTun });
          await test(bench);
        }),
    )
  );
}

function accepting(
  accepts: (mask: number) => boolean,
): ChangeLibc {
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
