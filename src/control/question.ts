import type { Endpoint } from "../flow/flow.ts";
import { parseAddress } from "../wire/address.ts";

/** HTTPS and HTTP/3: what most flows are for. */
const DEFAULT_PORT = 443;

/** `HOST`, `HOST:PORT`, `ADDRESS`, `[ADDRESS]:PORT`; undefined for anything else. */
export function parseDestination(text: string): Endpoint | undefined {
  if (parseAddress(text) !== undefined) {
    return { host: text, port: DEFAULT_PORT };
  }
  const [, bracketed, plain = "", digits = String(DEFAULT_PORT)] =
    /^(?:\[([^\]\s]+)\]|([^:\s[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? asciiOf(plain);
  const port = Number(digits);
  const isWrong = host === "" || port === 0 || port > 65_535 ||
    (bracketed !== undefined && parseAddress(bracketed) === undefined);
  return isWrong ? undefined : { host, port };
}

/** As it goes over the wire: in lower case, and in Punycode where it needs that. */
function asciiOf(name: string): string {
  const isAscii = [...name].every((letter) => letter < "\x80");
  if (isAscii) return name.toLowerCase();
  return URL.parse(`http://${name}`)?.hostname ?? "";
}
