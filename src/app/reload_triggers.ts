import type { Clock } from "../base/clock.ts";
import type { ReloadCommand } from "../config/command/options.ts";
import { parseDuration } from "../config/values/duration.ts";
import { Upkeep } from "./upkeep.ts";
import { watchFiles } from "./watch_files.ts";

/** Calls `reload` as -R and -watch ask for it. */
export function reloadByItself(
  { R, watch }: ReloadCommand,
  { reload, paths, clock }: {
    readonly reload: () => Promise<void>;
    /** The files of the configuration. */
    readonly paths: readonly string[];
    readonly clock: Clock;
  },
): Disposable {
  const stack = new DisposableStack();
  const period = parseDuration(R ?? "0") ?? 0;
  const upkeep = stack.adopt(new Upkeep(clock), (upkeep) => upkeep.stop());
  if (period > 0) upkeep.every(period, reload);
  upkeep.start();
  if (watch && paths.length > 0) {
    stack.use(watchFiles(paths, { clock, onChange: () => void reload() }));
  }
  return stack;
}
