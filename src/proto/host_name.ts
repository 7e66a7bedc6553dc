/** A label as it is found in practice: RFC 1123 §2.1 knows neither the underscore nor a hyphen at an end. */
const LABEL = /^[a-z0-9_-]{1,63}$/i;
/** A last label that is a number makes an address, or nothing. RFC 1123 §2.1. */
const NUMBER = /^(?:\d+|0x[0-9a-f]*)$/i;

/** The host name in lower case without a final dot; undefined for addresses and for what is no name. */
export function parseHostName(text: string): string | undefined {
  const name = text.replace(/\.$/, "");
  const labels = name.split(".");
  const last = labels.at(-1) ?? "";
  if (name.length > 253 || NUMBER.test(last)) return undefined;
  if (!labels.every((label) => LABEL.test(label))) return undefined;
  return name.toLowerCase();
}
