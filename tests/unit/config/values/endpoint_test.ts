import { assertEquals } from "@std/assert";
import { parseEndpoint } from "../../../../src/config/values/endpoint.ts";

Deno.test("parseEndpoint splits a host from its port", () => {
  const rows: [string, [string, number] | undefined][] = [
    ["example.com:443", ["example.com", 443]],
    ["SERVER_IP:443", ["SERVER_IP", 443]],
    ["192.0.2.1:1", ["192.0.2.1", 1]],
    ["[2001:db8::1]:443", ["2001:db8::1", 443]],
    [":8443", ["", 8443]],
    [":0", ["", 0]],
    ["example.com", undefined],
    ["example.com:", undefined],
    ["example.com:http", undefined],
    ["example.com:65536", undefined],
    ["2001:db8::1:443", undefined],
    ["[]:1", undefined],
    ["a b:1", undefined],
    ["", undefined],
  ];
  for (const [text, endpoint] of rows) {
    const expected = endpoint && { host: endpoint[0], port: endpoint[1] };
    assertEquals(parseEndpoint(text), expected, text);
  }
});
