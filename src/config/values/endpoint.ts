/** `host:port`, `[address]:port` or `:port`; undefined for anything else. The host may be a name that nobody knows. */
export function parseEndpoint(
  text: string,
): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain = "", digits] =
    /^(?:\[([^\]\s]+)\]|([^:\s[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) return undefined;
  return { host: bracketed ?? plain, port };
}
