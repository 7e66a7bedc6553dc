/** Runs a command to its end with our output; rejects with its words where it fails. */
export async function run(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  const { success, code, stderr } = await new Deno.Command(command, {
    args: [...args],
    env,
    stdin: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  const line = [command, ...args].join(" ");
  const why = new TextDecoder().decode(stderr).trim();
  throw new Error(`Cannot run "${line}" (exit code ${code}): ${why}`);
}
