import { ConfigError } from "../base/errors.ts";
import type {
  Config,
  HooksConfig,
  TungoServiceConfig,
} from "../config/schema.ts";
import { printLine, printPlan } from "../system/print_plan.ts";
import { isSystemName, type SystemName, SYSTEMS } from "../system/system.ts";
import { devicePlan } from "./device_plan.ts";

/** What a start on that system (linux, darwin, windows) would do to the machine. Reads nothing of this one. */
export function showPlan(config: Config, name: string): string | ConfigError {
  if (!isSystemName(name)) {
    const names = Object.keys(SYSTEMS).join(", ");
    return new ConfigError(
      `Cannot plan for "${name}": the systems are ${names}`,
      "",
      { file: "-os", line: 0, column: 0 },
    );
  }
  return config.services.map((service) => {
    const { hooks } = service;
    const lines = service.type === "tungo"
      ? showDevice(service, name)
      : [printLine("open", `${service.host}:${service.port}`)];
    return [
      `${service.name} on ${name}`,
      ...lines,
      ...showHooks(hooks, ["preUp", "postUp", "preDown", "postDown"]),
      "",
    ].join("\n");
  }).join("\n");
}

function showDevice(
  { device: config }: TungoServiceConfig,
  name: SystemName,
): string[] {
  const system = SYSTEMS[name];
  const device = system.deviceName(config.name);
  const steps = devicePlan(config, { system, device, readFile: () => null });
  const instead = device === config.name ? "" : ` in place of ${config.name}`;
  return [
    printLine("open", `device ${device}${instead}, mtu ${config.mtu}`),
    ...printPlan(steps),
  ];
}

function showHooks(
  hooks: HooksConfig,
  stages: readonly (keyof HooksConfig)[],
): string[] {
  return stages.flatMap((stage) =>
    hooks[stage].map(({ words }) =>
      printLine("hook", `${stage}: ${words.join(" ")}`)
    )
  );
}
