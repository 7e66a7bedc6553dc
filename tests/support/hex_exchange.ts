import { concat, hex } from "./octets.ts";

/** All that went over one connection. */
export interface Exchange {
  /** The text behind "# connection N: ". */
  readonly title: string;
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/** Reads `tests/fixtures/relay/<name>.hex`; its README describes the format. */
export function readExchanges(name: string): Exchange[] {
  const url = new URL(`../fixtures/relay/${name}.hex`, import.meta.url);
  const connections = Deno.readTextFileSync(url).split(/^# connection \d+/m);
  // Text in front of the first connection is about the whole file.
  return connections.slice(connections.length > 1 ? 1 : 0).map((text) => ({
    title: /^(?:: )?(.*)/.exec(text)?.[1] ?? "",
    client: octetsOf(text, ">"),
    server: octetsOf(text, "<"),
  }));
}

/** For a file with one connection. */
export function readExchange(name: string): Exchange {
  const [exchange, ...others] = readExchanges(name);
  if (exchange === undefined || others.length > 0) {
    throw new Error(`Expected one connection in ${name}.hex`);
  }
  return exchange;
}

function octetsOf(text: string, side: ">" | "<"): Uint8Array {
  const lines = text.split("\n").filter((line) => line.startsWith(`${side} `));
  return concat(lines.map((line) => hex(line.slice(2))));
}
