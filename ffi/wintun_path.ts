/** Where wintun's makers have the library for a processor in their archive, which is unpacked beside the sources. */
export function wintunPath(arch: "x86_64" | "aarch64"): string {
  const folder = arch === "x86_64" ? "amd64" : "arm64";
  return `wintun/bin/${folder}/wintun.dll`;
}
