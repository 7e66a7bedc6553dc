// bsd/sys/socket.h
export const AF_INET6 = 30;
export const AF_SYSTEM = 32;
export const PF_ROUTE = 17;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOL_SOCKET = 0xffff;
export const SO_SNDBUF = 0x1001;
export const SO_RCVBUF = 0x1002;
export const SO_ERROR = 0x1007;
export const SO_NOSIGPIPE = 0x1022;
export const DARWIN_SOCKADDR = { inet6: AF_INET6, lengthFirst: true };

// bsd/netinet/in.h, bsd/netinet6/in6.h
export const IPPROTO_IP = 0;
export const IPPROTO_IPV6 = 41;
export const IP_BOUND_IF = 25;
export const IPV6_BOUND_IF = 125;

// bsd/sys/kern_control.h, bsd/sys/sys_domain.h
export const SYSPROTO_CONTROL = 2;
export const AF_SYS_CONTROL = 2;
/** struct ctl_info { u_int32_t ctl_id; char ctl_name[96]; } */
export const CTL_INFO = { size: 100, id: 0, name: 4 } as const;
/** struct sockaddr_ctl { u_char sc_len, sc_family; u_int16_t ss_sysaddr; u_int32_t sc_id, sc_unit, sc_reserved[5]; } */
export const SOCKADDR_CTL = {
  ...{ size: 32, length: 0, family: 1, sysaddr: 2, id: 4, unit: 8 },
} as const;
/** _IOWR('N', 3, struct ctl_info) */
export const CTLIOCGINFO = 0xc0644e03;

// bsd/net/if_utun.h
export const UTUN_CONTROL_NAME = "com.apple.net.utun_control";
export const UTUN_OPT_IFNAME = 2;
export const UTUN_OPT_MAX_PENDING_PACKETS = 16;

// bsd/sys/sockio.h, bsd/net/if.h: struct ifreq { char ifr_name[16]; union { short ifru_flags; int ifru_mtu; … } } of 32 octets
export const SIOCSIFFLAGS = 0x80206910;
export const SIOCGIFFLAGS = 0xc0206911;
export const SIOCSIFMTU = 0x80206934;
export const IFREQ = { size: 32, value: 16 } as const;
export const IFNAMSIZ = 16;
export const IFF_UP = 1;

// bsd/sys/filio.h: _IOW('f', 126, int)
export const FIONBIO = 0x8004667e;
/** _IO('f', 1): close on exec. */
export const FIOCLEX = 0x20006601;

// bsd/sys/event.h: struct kevent { uintptr_t ident; int16_t filter; uint16_t flags; uint32_t fflags; intptr_t data; void *udata; }
export const KEVENT = {
  ...{ size: 32, ident: 0, filter: 8, flags: 10, fflags: 12, data: 16 },
  udata: 24,
} as const;
export const EVFILT_READ = -1;
export const EVFILT_WRITE = -2;
export const EVFILT_USER = -10;
export const EV_ADD = 0x0001;
export const EV_DELETE = 0x0002;
export const EV_ONESHOT = 0x0010;
export const EV_CLEAR = 0x0020;
export const NOTE_TRIGGER = 0x01000000;

/**
 * bsd/sys/socket_private.h: struct msghdr_x { void *msg_name; socklen_t msg_namelen; struct iovec *msg_iov; int msg_iovlen;
 * void *msg_control; socklen_t msg_controllen; int msg_flags; size_t msg_datalen; }
 */
export const MSGHDR_X = { size: 56, iov: 16, iovlen: 24, datalen: 48 } as const;
/** bsd/sys/_types/_iovec_t.h: struct iovec { void *iov_base; size_t iov_len; } */
export const IOVEC = { size: 16, base: 0, length: 8 } as const;

// bsd/sys/sysctl.h
export const CTL_NET = 4;
export const NET_RT_DUMP = 1;

// bsd/sys/resource.h
export const RLIMIT_NOFILE = 8;
/** bsd/sys/syslimits.h: OPEN_MAX; a soft limit above it is refused. */
export const OPEN_MAX = 10_240n;

// libsyscall, time.h
/** Runs on while the machine sleeps. */
export const CLOCK_MONOTONIC_RAW = 4;
export const CLOCK_UPTIME_RAW = 8;
