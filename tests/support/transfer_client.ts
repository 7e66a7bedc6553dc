/** `deno run transfer_client.ts HOST PORT OCTETS [FLOWS]`: asks `hashTarget`. Says "ok", or what is wrong. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";

const DIGEST = 64;

main(Deno.args).then((said) => {
  // deno-lint-ignore no-console -- what a program says
  console.log(said);
  Deno.exit();
});

async function main(
  [host = "", port, octets, flows = "1"]: readonly string[],
): Promise<string> {
  const where = { host, port: Number(port) };
  const said = await Promise.all(
    Array.from(
      { length: Number(flows) },
      () => transfer(where, Number(octets)),
    ),
  );
  return said.find((words) => words !== "ok") ?? "ok";
}

async function transfer(
  { host, port }: { readonly host: string; readonly port: number },
  length: number,
): Promise<string> {
  const socket = connect({ host, port, allowHalfOpen: true });
  const received = createHash("sha256");
  let digest = "";
  let count = 0;
  socket.on("data", (part: Uint8Array) => {
    const head = part.subarray(0, DIGEST - digest.length);
    digest += new TextDecoder().decode(head);
    received.update(part.subarray(head.length));
    count += part.length - head.length;
  });
  const ended = once(socket, "end");
  const sent = createHash("sha256");
  for (const part of parts(length, 7)) {
    sent.update(part);
    if (!socket.write(part)) await once(socket, "drain");
  }
  socket.end();
  await ended;
  const expected = createHash("sha256");
  for (const part of parts(length, 1)) expected.update(part);
  if (digest !== sent.digest("hex")) return "other octets were received there";
  if (count !== length) return `${count} octets came back`;
  return received.digest("hex") === expected.digest("hex")
    ? "ok"
    : "other octets came back";
}

/** So many octets of a known sequence, in parts. */
function* parts(length: number, step: number): Iterable<Uint8Array> {
  const pattern = Uint8Array.from({ length: 65_536 }, (_, i) => i * step);
  for (let left = length; left > 0; left -= pattern.length) {
    yield pattern.subarray(0, Math.min(left, pattern.length));
  }
}
