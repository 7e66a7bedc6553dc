import { assertEquals } from "@std/assert";
import { broadcastOf, gatewayIn } from "../../../src/app/device_addresses.ts";
import {
  formatAddress,
  parseAddress,
  type Prefix,
} from "../../../src/wire/address.ts";

function prefix(text: string): Prefix {
  const [host = "", length] = text.split("/");
  const address = parseAddress(host);
  if (address === undefined) throw new Error(text);
  return { address, length: Number(length) };
}

Deno.test("gatewayIn() is the first address of the prefix that is not our own", () => {
  const rows = [
    ["192.168.123.1/24", "192.168.123.2"],
    ["192.168.123.2/24", "192.168.123.1"],
    ["192.168.123.77/24", "192.168.123.1"],
    ["10.1.2.3/8", "10.0.0.1"],
    ["10.0.0.9/30", "10.0.0.10"],
    ["172.20.30.40/20", "172.20.16.1"],
    ["fd00:123::1/64", "fd00:123::2"],
    ["fd00:123::9/64", "fd00:123::1"],
    ["2001:db8:0:ff::1/60", "2001:db8:0:f0::1"],
  ] as const;
  for (const [own, gateway] of rows) {
    const found = gatewayIn(prefix(own));
    assertEquals(found && formatAddress(found), gateway, own);
  }
});

Deno.test("gatewayIn() finds none where there is no room for another side", () => {
  for (
    const own of ["10.0.0.1/32", "10.0.0.1/31", "fd00::1/128", "fd00::1/127"]
  ) {
    assertEquals(gatewayIn(prefix(own)), undefined, own);
  }
});

Deno.test("broadcastOf() is the last address of an IPv4 prefix [RFC 919 §7]", () => {
  const rows = [
    ["10.0.0.1/24", 0x0a0000ff],
    ["10.1.2.3/8", 0x0affffff],
    ["192.168.1.1/30", 0xc0a80103 | 0],
    ["192.168.1.1/0", -1],
    ["192.168.1.1/31", undefined],
    ["192.168.1.1/32", undefined],
    ["fd00::1/64", undefined],
  ] as const;
  for (const [own, broadcast] of rows) {
    assertEquals(broadcastOf(prefix(own)), broadcast, own);
  }
});
