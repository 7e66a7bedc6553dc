import { DeviceError } from "../src/base/errors.ts";
import { probePipes } from "./node_handles.ts";
import type { Platform } from "./platform.ts";
import { openDarwin } from "./platform_darwin.ts";
import { openLinux } from "./platform_linux.ts";
import { openWindowsPlatform } from "./platform_windows.ts";

export type { Platform } from "./platform.ts";

/** The system that we run on. */
export function openPlatform(): Platform {
  switch (Deno.build.os) {
    case "linux":
      return openLinux(probePipes());
    case "darwin":
      return openDarwin(probePipes());
    case "windows":
      return openWindowsPlatform();
    default:
      throw new DeviceError(
        "openPlatform",
        "ENOSYS",
        `tungo does not run on ${Deno.build.os} yet`,
        "Run it on Linux, macOS or Windows",
      );
  }
}
