import type { DeviceConfig } from "../config/schema.ts";
import type { Step } from "../system/plan.ts";
import type { System } from "../system/system.ts";

export interface DevicePlanSource {
  readonly system: System;
  /** The name that the device has got. */
  readonly device: string;
  /** The text of a file; null where there is none. */
  readonly readFile: (path: string) => string | null;
}

/** What the system must be told of a device, so that it is as configured. */
export function devicePlan(
  { mtu, addresses, peer, routes, dns }: DeviceConfig,
  { system, device, readFile }: DevicePlanSource,
): Step[] {
  return system.devicePlan({
    ...{ device, mtu, addresses, dns, readFile },
    ...(peer === undefined ? {} : { peer }),
    routes: routes.map(({ destination, gateway }) => ({
      prefix: destination,
      ...(gateway === undefined ? {} : { gateway }),
    })),
  });
}
