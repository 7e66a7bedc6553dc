import { ERRNO } from "../../ffi/errno.ts";
import { type Libc, openLibc } from "../../ffi/libc.ts";
import { probePipes } from "../../ffi/node_handles.ts";
import { EpollPoller } from "../../ffi/poller_linux.ts";
import { createReaders } from "../../ffi/reader.ts";
import { linuxSockets } from "../../ffi/socket_calls_linux.ts";
import { openTun } from "../../ffi/tun_linux.ts";
import type { OpenTun } from "../../src/device/open_tun.ts";

const TUNGETFEATURES = 0x800454cf;

export type ChangeLibc = (libc: Libc) => Partial<Libc>;

/** A kernel that knows no virtio_net_hdr: every segment is a packet of its own, with a checksum. */
export function withoutHeaders({ ioctl }: Libc): Partial<Libc> {
  return {
    ioctl: (fd, request, argument) =>
      request === TUNGETFEATURES ? -1 : ioctl(fd, request, argument),
  };
}

/** Runs `task` with an `openTun` that meets another kernel than this one. */
export async function withChangedLibc(
  change: ChangeLibc,
  task: (openTun: OpenTun) => Promise<void>,
): Promise<void> {
  using real = openLibc();
  const libc = { ...real, ...change(real) };
  await using poller = new EpollPoller(real);
  const openReader = createReaders({
    ...{ poller, pipes: probePipes(), eagain: ERRNO.EAGAIN },
    close: (fd) => void libc.close(fd),
  });
  await task((options) =>
    openTun(options, { libc, sockets: linuxSockets(libc), openReader })
  );
}
