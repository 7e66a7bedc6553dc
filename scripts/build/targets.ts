/**
 * What `deno compile` can make programs for, and the tag of the Python package that holds Deno 2.7.14's denort for it:
 * null where there is none.
 */
export const TARGETS = {
  "x86_64-unknown-linux-gnu": "manylinux_2_28_x86_64",
  "aarch64-unknown-linux-gnu": "manylinux_2_28_aarch64",
  "x86_64-pc-windows-msvc": "win_amd64",
  "aarch64-pc-windows-msvc": null,
  "x86_64-apple-darwin": "macosx_10_12_x86_64",
  "aarch64-apple-darwin": "macosx_11_0_arm64",
} as const;

export type Target = keyof typeof TARGETS;

export function isTarget(text: string): text is Target {
  return Object.hasOwn(TARGETS, text);
}

/** In `dist/`. */
export function executableName(target: Target): string {
  return `tungo-${target}${target.includes("windows") ? ".exe" : ""}`;
}
