import { describe, DeviceError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { LogConfig } from "../config/schema.ts";
import { createLog } from "./log_sink.ts";

/** The log that a configuration asks for. Throws a DeviceError where its file cannot be written. */
export function openLog({ level, format, output }: LogConfig): OpenedLog {
  const { write, isTerminal, close } = openOutput(output);
  const text = format === "text" || (format === "auto" && isTerminal);
  const log = createLog({
    level,
    format: text ? "text" : "json",
    write,
    now: () => new Date(),
  });
  return { ...log, [Symbol.dispose]: close };
}

export type OpenedLog = Log & Disposable;

interface Output {
  readonly write: (line: string) => void;
  readonly isTerminal: boolean;
  readonly close: () => void;
}

function openOutput(output: LogConfig["output"]): Output {
  switch (output.type) {
    case "none":
      return { write: () => {}, isTerminal: false, close: () => {} };
    case "stderr":
      return writeTo(Deno.stderr);
    case "stdout":
      return writeTo(Deno.stdout);
    case "file":
      return writeFile(openFile(output.path));
    default:
      throw new Error(`Unreachable output: ${output satisfies never}`);
  }
}

interface Sink {
  writeSync(octets: Uint8Array): number;
  isTerminal(): boolean;
}

function writeTo(sink: Sink): Output {
  const encoder = new TextEncoder();
  const write = (line: string): void => {
    let octets = encoder.encode(line);
    try {
      while (octets.length > 0) {
        octets = octets.subarray(sink.writeSync(octets));
      }
    } catch {
      // A reader that has gone away, or a full disk, must not take the network down with it.
    }
  };
  return { write, isTerminal: sink.isTerminal(), close: () => {} };
}

function writeFile(file: Deno.FsFile): Output {
  return { ...writeTo(file), close: () => file.close() };
}

function openFile(path: string): Deno.FsFile {
  try {
    const slash = path.lastIndexOf("/");
    if (slash > 0) Deno.mkdirSync(path.slice(0, slash), { recursive: true });
    return Deno.openSync(path, { append: true, create: true });
  } catch (error) {
    const message = `Cannot write the log to "${path}": ${describe(error)}`;
    throw new DeviceError("open", (error as Error).name, message);
  }
}
