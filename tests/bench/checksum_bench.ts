import { onesComplementSum } from "../../src/wire/checksum.ts";

const LENGTH = 1420;
const view = new DataView(new ArrayBuffer(LENGTH));
crypto.getRandomValues(new Uint8Array(view.buffer));

Deno.bench("sum of 1420 octets", { group: "checksum", baseline: true }, () => {
  onesComplementSum(view, 0, LENGTH);
});

Deno.bench("the same by 16-bit words", { group: "checksum" }, () => {
  let sum = 0;
  for (let at = 0; at < LENGTH; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
});
