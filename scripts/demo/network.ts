import { BESIDE, DNS, MACHINE, NOWHERE, SERVER, WEB } from "./places.ts";
import { must } from "./programs.ts";

/**
 * Lays the network that the demo plays in: this process is on "your machine" with eth0; the other end of the cable is a
 * namespace of its own, the server. Resolves with what starts a program there. All of it goes with the process.
 */
export async function layNetwork(): Promise<readonly string[]> {
  // tungo keeps its journal in /run, and the machine's own is none of our business.
  await must(["mount", "-t", "tmpfs", "tmpfs", "/run"]);
  const holder = new Deno.Command("unshare", {
    args: ["--net", "sh", "-c", "echo ready; exec cat"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  await holder.stdout.getReader().read();
  const there = ["nsenter", "--target", String(holder.pid), "--net"];
  const ip = (words: string): Promise<string> =>
    must(["ip", ...words.split(" ")]);
  const ipThere = (words: string): Promise<string> =>
    must([...there, "ip", ...words.split(" ")]);

  await ip(`link add eth0 type veth peer name eth0 netns ${holder.pid}`);
  await ip("link set lo up");
  await ip(`addr add ${MACHINE}/24 dev eth0`);
  await ip("link set eth0 up");
  await ipThere("link set lo up");
  await ipThere(`addr add ${SERVER}/24 dev eth0`);
  await ipThere("link set eth0 up");
  for (const address of [WEB, DNS, BESIDE]) {
    await ipThere(`addr add ${address}/32 dev lo`);
    // Who connects from the server itself is seen with its address, as from another machine.
    await ipThere(
      `route replace local ${address} dev lo table local src ${SERVER}`,
    );
  }
  await ipThere(`route add unreachable ${NOWHERE}`);
  await ip(`route add default via ${SERVER}`);
  return there;
}
