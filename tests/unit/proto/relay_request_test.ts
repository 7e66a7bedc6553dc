import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ProtocolError } from "../../../src/base/errors.ts";
import {
  encodeRelayRequest,
  type RelayAsk,
  type RelayRequest,
  relayRequestReader,
} from "../../../src/proto/relay_request.ts";
import { concat, cuts, expectOctets, hex } from "../../support/octets.ts";
import { readMessage } from "../../support/read_message.ts";

const AUTH = { username: "user", password: "pass" };
const TARGET = { host: "1.2.3.4", port: 443 };
const ADDR = "02 0007 01 01020304 01bb";

function read(octets: string): RelayRequest | string {
  const reading = readMessage(relayRequestReader(), hex(octets));
  return typeof reading === "string" ? reading : reading.value;
}

Deno.test("encodeRelayRequest writes what GOST's client writes", () => {
  const rows: [RelayAsk, string][] = [
    [
      { network: "tcp", target: TARGET },
      "01 01 000a | 02 0007 01 01020304 01bb",
    ],
    [
      {
        network: "tcp",
        target: { host: "example.com", port: 443 },
        credentials: AUTH,
      },
      "01 01 001f | 01 000a 04 75736572 04 70617373 | 02 000f 03 0b 6578616d706c652e636f6d 01bb",
    ],
    [
      { network: "tcp", target: { host: "2001:db8::1", port: 443 } },
      "01 01 0016 | 02 0013 04 20010db8000000000000000000000001 01bb",
    ],
    [
      { network: "udp", target: { host: "8.8.8.8", port: 53 } },
      "01 81 000f | 04 0002 0001 | 02 0007 01 08080808 0035",
    ],
    [
      {
        network: "udp",
        target: { host: "8.8.8.8", port: 53 },
        credentials: AUTH,
      },
      "01 81 001c | 04 0002 0001 | 01 000a 04 75736572 04 70617373 | 02 0007 01 08080808 0035",
    ],
    [
      { network: "udp", target: { host: "2001:4860:4860::8888", port: 53 } },
      "01 81 001b | 04 0002 0001 | 02 0013 04 20014860486000000000000000008888 0035",
    ],
  ];
  for (const [request, octets] of rows) {
    assertEquals(encodeRelayRequest(request), hex(octets));
  }
});

Deno.test("encodeRelayRequest fails where something does not fit its octet of length", () => {
  const long = "x".repeat(256);
  const rows: RelayAsk[] = [
    { network: "tcp", target: { host: long, port: 1 } },
    {
      network: "tcp",
      target: TARGET,
      credentials: { username: long, password: "" },
    },
    {
      network: "tcp",
      target: TARGET,
      credentials: { username: "", password: long },
    },
  ];
  for (const request of rows) {
    assertEquals(encodeRelayRequest(request) instanceof ProtocolError, true);
  }
});

Deno.test("relayRequestReader reads the command and the UDP flag from one octet", () => {
  const rows: [string, RelayRequest["command"], RelayRequest["network"]][] = [
    ["00", "connect", "tcp"],
    ["01", "connect", "tcp"],
    ["02", "bind", "tcp"],
    ["03", "associate", "tcp"],
    ["05", "unknown", "tcp"],
    ["0f", "unknown", "tcp"],
    ["80", "connect", "udp"],
    ["81", "connect", "udp"],
    ["82", "bind", "udp"],
    ["71", "connect", "tcp"],
  ];
  for (const [code, command, network] of rows) {
    assertEquals(
      read(`01 ${code} 000a ${ADDR}`),
      { command, network, target: TARGET },
    );
  }
});

Deno.test("relayRequestReader takes the network from the feature where the flag is missing", () => {
  const rows: [string, RelayRequest["network"]][] = [
    ["0000", "tcp"],
    ["0001", "udp"],
    ["0002", "ip"],
    ["0010", "unix"],
    ["0011", "serial"],
    ["7777", "tcp"],
  ];
  for (const [id, network] of rows) {
    assertEquals(
      read(`01 01 000f 04 0002 ${id} ${ADDR}`),
      { command: "connect", network, target: TARGET },
    );
  }
  assertEquals(read("01 81 0005 04 0002 0000"), {
    command: "connect",
    network: "udp",
  });
});

Deno.test("relayRequestReader takes features in any order, the last of a type, and ignores what is left over in them", () => {
  const rows: [string, RelayRequest][] = [
    ["0000", { command: "connect", network: "tcp" }],
    [
      `0017 ${ADDR} 01 000a 04 75736572 04 70617373`,
      {
        command: "connect",
        network: "tcp",
        target: TARGET,
        credentials: AUTH,
      },
    ],
    [
      `0014 02 0007 01 7f000001 0001 ${ADDR}`,
      { command: "connect", network: "tcp", target: TARGET },
    ],
    [
      "000c 02 0009 01 01020304 01bb eeee",
      { command: "connect", network: "tcp", target: TARGET },
    ],
    [
      `001d 03 0010 ${"ee".repeat(16)} ${ADDR}`,
      { command: "connect", network: "tcp", target: TARGET },
    ],
    [
      "0005 01 0002 00 00",
      {
        command: "connect",
        network: "tcp",
        credentials: { username: "", password: "" },
      },
    ],
  ];
  for (const [features, request] of rows) {
    assertEquals(read(`01 01 ${features}`), request);
  }
});

Deno.test("relayRequestReader fails where GOST closes without an answer", () => {
  const rows: [string, string][] = [
    ["02", "Expected version 1, got 2"],
    ["47 45 54 20", "Expected version 1, got 71"],
    ["01 01 0003 05 0000", "Unknown feature 5"],
    ["01 01 0003 7f 0000", "Unknown feature 127"],
    ["01 01 0001 02", "A feature is cut short"],
    ["01 01 0009 02 0007 01 7f000001 46", "A feature is cut short"],
    ["01 01 0009 02 0006 01 7f000001 46", "Addr holds no address"],
    ["01 01 000a 02 0007 02 00000000 0000", "Addr holds no address"],
    ["01 01 0004 04 0001 00", "Network is cut short"],
    ["01 01 0006 01 0003 01 75 01", "UserAuth is cut short"],
    ["01 01 0003 01 0000", "UserAuth is cut short"],
    ["01 01 0004 03 0001 00", "Tunnel is cut short"],
  ];
  for (const [octets, message] of rows) {
    assertEquals(read(octets), message, octets);
  }
});

Deno.test("relayRequestReader takes as many features as the length can say", () => {
  const tunnel = hex(`03 fff1 ${"ee".repeat(0xfff1)}`);
  const octets = concat([
    hex("01 01 ffff"),
    tunnel,
    hex("04 0008 0001 000000000000"),
  ]);
  assertEquals(readMessage(relayRequestReader(), octets, [5, 60_000]), {
    value: { command: "connect", network: "udp" },
    rest: new Uint8Array(),
  });
});

Deno.test("relayRequestReader reads what encodeRelayRequest writes, however it is cut", () => {
  const text = fc.string({ maxLength: 60 });
  const request = fc.record({
    network: fc.constantFrom("tcp" as const, "udp" as const),
    target: fc.record({
      host: fc.oneof(fc.ipV4(), fc.domain()),
      port: fc.nat({ max: 0xffff }),
    }, { noNullPrototype: true }),
    credentials: fc.record(
      { username: text, password: text },
      { noNullPrototype: true },
    ),
  }, { requiredKeys: ["network", "target"], noNullPrototype: true });
  fc.assert(fc.property(request, cuts(), (request, lengths) => {
    const octets = expectOctets(encodeRelayRequest(request));
    const stream = concat([octets, hex("cafe")]);
    assertEquals(readMessage(relayRequestReader(), stream, lengths), {
      value: { command: "connect", ...request },
      rest: hex("cafe"),
    });
  }));
});

Deno.test("relayRequestReader never throws", () => {
  const features = fc.uint8Array({ maxLength: 40, max: 20 });
  fc.assert(fc.property(features, cuts(), (features, lengths) => {
    const head = Uint8Array.of(1, 1, 0, features.length);
    readMessage(relayRequestReader(), concat([head, features]), lengths);
  }));
  fc.assert(fc.property(fc.uint8Array(), (octets) => {
    readMessage(relayRequestReader(), octets);
  }));
});
