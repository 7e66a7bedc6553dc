import type { Log } from "../../src/base/log.ts";

export const silentLog: Log = {
  enabled: () => false,
  ...{ trace() {}, debug() {}, info() {}, warn() {}, error() {} },
};
