import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  formatDuration,
  parseDuration,
} from "../../../../src/config/values/duration.ts";

Deno.test("parseDuration reads Go's durations [H.1 durations and booleans]", () => {
  const rows: [string, number | undefined][] = [
    ["30s", 30_000],
    ["1m30s", 90_000],
    ["1h0m0.5s", 3_600_500],
    [".5s", 500],
    ["1.s", 1_000],
    ["100ms", 100],
    ["1us", 0.001],
    ["1µs", 0.001],
    ["1μs", 0.001],
    ["10ns", 0.00001],
    ["-2s", -2_000],
    ["+2s", 2_000],
    ["0", 0],
    ["", undefined],
    ["10", undefined],
    ["1d", undefined],
    ["s", undefined],
    [".s", undefined],
    ["1 s", undefined],
    ["--1s", undefined],
  ];
  for (const [text, duration] of rows) {
    assertEquals(parseDuration(text), duration, text);
  }
});

Deno.test("formatDuration prints durations as Go does", () => {
  const rows: [number, string][] = [
    [0, "0s"],
    [0.00001, "10ns"],
    [0.0015, "1.5µs"],
    [1, "1ms"],
    [1.5, "1.5ms"],
    [1_500, "1.5s"],
    [60_000, "1m0s"],
    [90_000, "1m30s"],
    [3_600_000, "1h0m0s"],
    [31_536_000_000, "8760h0m0s"],
    [-2_000, "-2s"],
  ];
  for (const [duration, text] of rows) {
    assertEquals(formatDuration(duration), text);
  }
});

Deno.test("parseDuration(formatDuration(x)) = x", () => {
  const millis = fc.integer({ min: -1e9, max: 1e9 });
  fc.assert(fc.property(millis, (duration) => {
    assertEquals(parseDuration(formatDuration(duration)), duration);
  }));
});

Deno.test("parseDuration never throws", () => {
  const text = fc.string({ unit: fc.constantFrom(..."0123.-+nsuµmh ") });
  fc.assert(fc.property(text, (text) => {
    const duration = parseDuration(text);
    assertEquals(duration === undefined || Number.isFinite(duration), true);
  }));
});
