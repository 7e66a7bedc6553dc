import { createHash } from "node:crypto";
import { DeviceError } from "../src/base/errors.ts";
import { wintunPath } from "./wintun_path.ts";

/** wintun.h, 0.14. */
const SYMBOLS = {
  WintunCreateAdapter: {
    parameters: ["buffer", "buffer", "buffer"], // LPCWSTR Name, LPCWSTR TunnelType, const GUID *RequestedGUID
    result: "pointer",
  },
  WintunOpenAdapter: {
    parameters: ["buffer"], // LPCWSTR Name
    result: "pointer",
  },
  WintunGetAdapterLUID: {
    parameters: ["pointer", "buffer"], // WINTUN_ADAPTER_HANDLE Adapter, NET_LUID *Luid
    result: "void",
  },
  WintunCloseAdapter: {
    parameters: ["pointer"], // WINTUN_ADAPTER_HANDLE Adapter
    result: "void",
  },
  WintunStartSession: {
    parameters: ["pointer", "u32"], // WINTUN_ADAPTER_HANDLE Adapter, DWORD Capacity
    result: "pointer",
  },
  WintunEndSession: {
    parameters: ["pointer"], // WINTUN_SESSION_HANDLE Session
    result: "void",
  },
  WintunGetReadWaitEvent: {
    parameters: ["pointer"], // WINTUN_SESSION_HANDLE Session
    result: "pointer",
  },
  WintunReceivePacket: {
    parameters: ["pointer", "buffer"], // WINTUN_SESSION_HANDLE Session, DWORD *PacketSize
    result: "pointer",
  },
  WintunReleaseReceivePacket: {
    parameters: ["pointer", "pointer"], // WINTUN_SESSION_HANDLE Session, const BYTE *Packet
    result: "void",
  },
  WintunAllocateSendPacket: {
    parameters: ["pointer", "u32"], // WINTUN_SESSION_HANDLE Session, DWORD PacketSize
    result: "pointer",
  },
  WintunSendPacket: {
    parameters: ["pointer", "pointer"], // WINTUN_SESSION_HANDLE Session, const BYTE *Packet
    result: "void",
  },
} as const satisfies Deno.ForeignLibraryInterface;

type Library = Deno.DynamicLibrary<typeof SYMBOLS>;

type Symbols = Library["symbols"];

/** Calls that answer a pointer answer null where they fail; the reason is Windows's last error. */
export interface Wintun extends Symbols, Disposable {}

const NAME = "wintun.dll";

/** The driver's library: beside the program, or else the one that was built into it or lies with the sources. */
export function openWintun(): Wintun {
  const folder = Deno.execPath().replace(/[\\/][^\\/]*$/, "");
  const library = load(`${folder}\\${NAME}`) ?? loadBuiltIn();
  if (library === undefined) {
    throw new DeviceError(
      "LoadLibrary",
      "ENOENT",
      `Cannot find "${NAME}" in "${folder}"`,
      "Put the wintun.dll for this processor from https://www.wintun.net/ beside the program",
    );
  }
  return { ...library.symbols, [Symbol.dispose]: () => library.close() };
}

/** Undefined where there is no such file. */
function load(path: string): Library | undefined {
  if (!exists(path)) return undefined;
  try {
    return Deno.dlopen(path, SYMBOLS);
  } catch (error) {
    throw new DeviceError(
      "LoadLibrary",
      "EINVAL",
      `Cannot load "${path}": ${
        error instanceof Error ? error.message : error
      }`,
      "Take the wintun.dll that is made for this processor",
    );
  }
}

/** A library cannot be loaded out of the program: it is put into a folder of this user's alone, whose name says what is in it. */
function loadBuiltIn(): Library | undefined {
  const builtIn = new URL(`../${wintunPath(Deno.build.arch)}`, import.meta.url);
  if (!exists(builtIn)) return undefined;
  const octets = Deno.readFileSync(builtIn);
  const hash = sha256(octets);
  const folder = `${Deno.env.get("LOCALAPPDATA")}\\tungo\\${hash}`;
  const path = `${folder}\\${NAME}`;
  Deno.mkdirSync(folder, { recursive: true });
  if (!exists(path) || sha256(Deno.readFileSync(path)) !== hash) {
    Deno.writeFileSync(path, octets);
  }
  return load(path);
}

function sha256(octets: Uint8Array): string {
  return createHash("sha256").update(octets).digest("hex");
}

function exists(path: string | URL): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
