// asm-generic/socket.h, bits/socket.h
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_ERROR = 4;
export const SO_RCVBUF = 8;
export const SO_KEEPALIVE = 9;
export const SO_LINGER = 13;
export const SO_BINDTODEVICE = 25;
export const SO_RCVBUFFORCE = 33;
export const SO_MARK = 36;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const MSG_ERRQUEUE = 0x2000;
export const MSG_NOSIGNAL = 0x4000;

// linux/in.h, linux/in6.h
export const IPPROTO_IP = 0;
export const IPPROTO_IPV6 = 41;
export const IP_RECVERR = 11;
export const IP_BIND_ADDRESS_NO_PORT = 24;
export const IPV6_RECVERR = 25;

// bits/socket.h, linux/netlink.h
export const AF_INET6 = 10;
export const LINUX_SOCKADDR = { inet6: AF_INET6, lengthFirst: false };
export const AF_NETLINK = 16;
export const NETLINK_ROUTE = 0;

// netinet/tcp.h, sys/socket.h
export const IPPROTO_TCP = 6;
export const TCP_NODELAY = 1;
export const TCP_KEEPIDLE = 4;
export const TCP_KEEPINTVL = 5;
export const SHUT_WR = 1;
