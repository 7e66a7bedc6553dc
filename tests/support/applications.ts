import type { Bed } from "./bed.ts";

/** Opens a connection as an application does. */
export function connect(
  bed: Bed,
  where: Deno.ConnectOptions,
): Promise<Deno.TcpConn> {
  return bed.net.client.inside(() => Deno.connect(where));
}

/** What the system says to an application that tries. */
export async function errnoOf(
  attempt: Promise<unknown>,
): Promise<string | undefined> {
  try {
    await attempt;
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

/** Writes as long as it is allowed to. */
export async function writeForEver(connection: Deno.Conn): Promise<void> {
  const octets = new Uint8Array(65_536);
  for (;;) await connection.write(octets);
}

/** Reads to the end, whatever it is, and closes. */
export async function drain(connection: Deno.Conn): Promise<void> {
  using _connection = connection;
  const into = new Uint8Array(65_536);
  while (await connection.read(into) !== null);
}
