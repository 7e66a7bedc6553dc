// ws2def.h, winsock2.h
export const AF_INET6 = 23;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const SOL_SOCKET = 0xffff;
export const SO_RCVBUF = 0x1002;
export const SO_ERROR = 0x1007;
export const WSA_FLAG_OVERLAPPED = 0x01;
export const WSA_FLAG_NO_HANDLE_INHERIT = 0x80;
export const WINDOWS_SOCKADDR = { inet6: AF_INET6, lengthFirst: false };
export const FD_READ = 0x01;
export const FD_CONNECT = 0x10;
export const FD_CLOSE = 0x20;
/** WSANETWORKEVENTS { long lNetworkEvents; int iErrorCode[10]; } */
export const WSANETWORKEVENTS = 44;
/** WSADATA of 64-bit Windows. */
export const WSADATA = 408;

// ws2ipdef.h
export const IPPROTO_IP = 0;
export const IPPROTO_IPV6 = 41;
export const IP_UNICAST_IF = 31;
export const IPV6_UNICAST_IF = 31;

// winbase.h
export const INFINITE = 0xffffffff;

// netioapi.h
export const IF_MAX_STRING_SIZE = 256;
/** MIB_IPFORWARD_TABLE2 { ULONG NumEntries; MIB_IPFORWARD_ROW2 Table[]; }: rows are aligned to 8 octets. */
export const FORWARD_TABLE = { count: 0, rows: 8, rowSize: 104 } as const;
/** MIB_IPINTERFACE_ROW */
export const INTERFACE_ROW = { size: 168, family: 0, luid: 8, metric: 148 };

/** iptypes.h: FIXED_INFO, of which the first IP_ADDR_STRING { Next; char IpAddress[16]; … } of DnsServerList. */
export const FIXED_INFO = { size: 584, servers: 272 } as const;
export const IP_ADDR_STRING = {
  next: 0,
  address: 8,
  addressSize: 16,
  size: 48,
};
