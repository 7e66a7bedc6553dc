import { DeviceError } from "../src/base/errors.ts";
import { WSADATA } from "./constants_windows.ts";

/** A HANDLE, or a pointer to what only the system reads. */
export type Handle = Deno.PointerValue;

/**
 * Sockets are declared as `int`s although a SOCKET has 64 bits: Windows gives handles of 32 (so that they fit into programs of 32
 * bits), and -1 stands for INVALID_SOCKET in both.
 */
const WINSOCK = {
  WSAStartup: {
    parameters: ["u16", "buffer"], // WORD wVersionRequested, LPWSADATA lpWSAData
    result: "i32",
  },
  WSASocketW: {
    parameters: ["i32", "i32", "i32", "pointer", "u32", "u32"], // int af, int type, int protocol, LPWSAPROTOCOL_INFOW lpProtocolInfo, GROUP g, DWORD dwFlags
    result: "i32",
  },
  closesocket: {
    parameters: ["i32"], // SOCKET s
    result: "i32",
  },
  bind: {
    parameters: ["i32", "buffer", "i32"], // SOCKET s, const struct sockaddr *name, int namelen
    result: "i32",
  },
  connect: {
    parameters: ["i32", "buffer", "i32"], // SOCKET s, const struct sockaddr *name, int namelen
    result: "i32",
  },
  getsockname: {
    parameters: ["i32", "buffer", "buffer"], // SOCKET s, struct sockaddr *name, int *namelen
    result: "i32",
  },
  getsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"], // SOCKET s, int level, int optname, char *optval, int *optlen
    result: "i32",
  },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "i32"], // SOCKET s, int level, int optname, const char *optval, int optlen
    result: "i32",
  },
  send: {
    parameters: ["i32", "buffer", "i32", "i32"], // SOCKET s, const char *buf, int len, int flags
    result: "i32",
  },
  recv: {
    parameters: ["i32", "buffer", "i32", "i32"], // SOCKET s, char *buf, int len, int flags
    result: "i32",
  },
  WSAEventSelect: {
    parameters: ["i32", "pointer", "i32"], // SOCKET s, WSAEVENT hEventObject, long lNetworkEvents
    result: "i32",
  },
  WSAEnumNetworkEvents: {
    parameters: ["i32", "pointer", "buffer"], // SOCKET s, WSAEVENT hEventObject, LPWSANETWORKEVENTS lpNetworkEvents
    result: "i32",
  },
  WSAGetLastError: {
    parameters: [], // void
    result: "i32",
  },
  WSASetLastError: {
    parameters: ["i32"], // int iError
    result: "void",
  },
} as const satisfies Deno.ForeignLibraryInterface;

const KERNEL32 = {
  CreateEventW: {
    parameters: ["pointer", "i32", "i32", "pointer"], // LPSECURITY_ATTRIBUTES lpEventAttributes, BOOL bManualReset, BOOL bInitialState, LPCWSTR lpName
    result: "pointer",
  },
  SetEvent: {
    parameters: ["pointer"], // HANDLE hEvent
    result: "i32",
  },
  CloseHandle: {
    parameters: ["pointer"], // HANDLE hObject
    result: "i32",
  },
  WaitForMultipleObjects: {
    parameters: ["u32", "buffer", "i32", "u32"], // DWORD nCount, const HANDLE *lpHandles, BOOL bWaitAll, DWORD dwMilliseconds
    result: "u32",
    nonblocking: true,
  },
  Sleep: {
    parameters: ["u32"], // DWORD dwMilliseconds
    result: "void",
  },
  GetLastError: {
    parameters: [], // void
    result: "u32",
  },
  GetTickCount64: {
    parameters: [], // void
    result: "u64",
  },
  QueryUnbiasedInterruptTime: {
    parameters: ["buffer"], // PULONGLONG UnbiasedTime
    result: "i32",
  },
  readMemory: {
    name: "RtlMoveMemory",
    parameters: ["buffer", "pointer", "u32"], // VOID *Destination, const VOID *Source, SIZE_T Length
    result: "void",
  },
  writeMemory: {
    name: "RtlMoveMemory",
    parameters: ["pointer", "buffer", "u32"], // VOID *Destination, const VOID *Source, SIZE_T Length
    result: "void",
  },
} as const satisfies Deno.ForeignLibraryInterface;

const IPHLPAPI = {
  GetIpForwardTable2: {
    parameters: ["u16", "buffer"], // ADDRESS_FAMILY Family, PMIB_IPFORWARD_TABLE2 *Table
    result: "u32",
  },
  FreeMibTable: {
    parameters: ["pointer"], // PVOID Memory
    result: "void",
  },
  GetIpInterfaceEntry: {
    parameters: ["buffer"], // PMIB_IPINTERFACE_ROW Row
    result: "u32",
    // Wine 8 has not got it.
    optional: true,
  },
  ConvertInterfaceAliasToLuid: {
    parameters: ["buffer", "buffer"], // const WCHAR *InterfaceAlias, PNET_LUID InterfaceLuid
    result: "u32",
  },
  ConvertInterfaceLuidToAlias: {
    parameters: ["buffer", "buffer", "u32"], // const NET_LUID *InterfaceLuid, PWSTR InterfaceAlias, SIZE_T Length
    result: "u32",
  },
  ConvertInterfaceLuidToIndex: {
    parameters: ["buffer", "buffer"], // const NET_LUID *InterfaceLuid, PNET_IFINDEX InterfaceIndex
    result: "u32",
  },
  GetNetworkParams: {
    parameters: ["buffer", "buffer"], // PFIXED_INFO pFixedInfo, PULONG pOutBufLen
    result: "u32",
  },
} as const satisfies Deno.ForeignLibraryInterface;

type SymbolsOf<S extends Deno.ForeignLibraryInterface> = Deno.DynamicLibrary<
  S
>["symbols"];

/** Windows's libraries. The last error is read right after the call that set it. */
export interface Windows
  extends
    SymbolsOf<typeof WINSOCK>,
    SymbolsOf<typeof KERNEL32>,
    SymbolsOf<typeof IPHLPAPI>,
    Disposable {}

/** winsock2.h: MAKEWORD(2, 2) */
const WINSOCK_VERSION = 0x0202;

export function openWindows(): Windows {
  const winsock = load("ws2_32.dll", WINSOCK);
  const kernel32 = load("kernel32.dll", KERNEL32);
  const iphlpapi = load("iphlpapi.dll", IPHLPAPI);
  winsock.symbols.WSAStartup(WINSOCK_VERSION, new Uint8Array(WSADATA));
  return {
    ...winsock.symbols,
    ...kernel32.symbols,
    ...iphlpapi.symbols,
    [Symbol.dispose]() {
      for (const library of [winsock, kernel32, iphlpapi]) library.close();
    },
  };
}

/** `text` as Windows wants it: UTF-16, and a zero. */
export function wideString(text: string): Uint8Array<ArrayBuffer> {
  const units = Uint16Array.from(`${text}\0`, (unit) => unit.charCodeAt(0));
  return new Uint8Array(units.buffer);
}

/** What stands before the first zero. */
export function readWideString(octets: Uint8Array<ArrayBuffer>): string {
  const units = new Uint16Array(octets.buffer);
  const end = units.indexOf(0);
  return String.fromCharCode(...units.subarray(0, end < 0 ? undefined : end));
}

function load<S extends Deno.ForeignLibraryInterface>(
  name: string,
  symbols: S,
): Deno.DynamicLibrary<S> {
  try {
    return Deno.dlopen(name, symbols);
  } catch (error) {
    throw new DeviceError(
      "LoadLibrary",
      "ENOENT",
      `Cannot load "${name}": ${
        error instanceof Error ? error.message : error
      }`,
      "Run tungo on Windows 10 or later, and with --allow-ffi",
    );
  }
}
