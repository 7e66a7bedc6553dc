import { darwinPlan, isUtunName } from "./darwin.ts";
import type { DevicePlanOptions } from "./device_plan.ts";
import { linuxPlan } from "./linux.ts";
import type { Step } from "./plan.ts";
import { windowsPlan } from "./windows.ts";

/** What differs from one operating system to the next and is known without asking it. */
export interface System {
  readonly devicePlan: (options: DevicePlanOptions) => Step[];
  /** What a device is called that is to be called so, where that can be said before it is made. */
  readonly deviceName: (wanted: string) => string;
  /** Where it is written down what will have to be undone. It need not outlive a restart of the machine. */
  readonly journalFolder: string;
  /** hosts(5). */
  readonly hostsFile: string;
  /** Where commands are looked for: beside what the environment says, in the folders of those that a plan needs. */
  readonly searchPath: (path: string) => string;
  /** Whether sockets can be made in other network namespaces. */
  readonly hasNamespaces: boolean;
}

export type SystemName = "linux" | "darwin" | "windows";

/** `su` without "-" leaves root without the folders where `ip` and `ifconfig` are. */
function unixPath(path: string): string {
  return `${path}:/usr/sbin:/sbin`;
}

export const SYSTEMS: { readonly [Name in SystemName]: System } = {
  linux: {
    devicePlan: linuxPlan,
    deviceName: (wanted) => wanted,
    journalFolder: "/run/tungo",
    hostsFile: "/etc/hosts",
    searchPath: unixPath,
    hasNamespaces: true,
  },
  darwin: {
    devicePlan: darwinPlan,
    // The kernel gives any other the first free number.
    deviceName: (wanted) => isUtunName(wanted) ? wanted : "utunN",
    journalFolder: "/var/run/tungo",
    hostsFile: "/etc/hosts",
    searchPath: unixPath,
    hasNamespaces: false,
  },
  windows: {
    devicePlan: windowsPlan,
    deviceName: (wanted) => wanted,
    journalFolder: "C:\\ProgramData\\tungo",
    hostsFile: "C:\\Windows\\System32\\drivers\\etc\\hosts",
    searchPath: (path) => `${path};C:\\Windows\\System32`,
    hasNamespaces: false,
  },
};

export function isSystemName(text: string): text is SystemName {
  return Object.hasOwn(SYSTEMS, text);
}
