import { assertEquals } from "@std/assert";
import { byPlace } from "../../../src/app/service.ts";
import { configOf } from "../../support/config.ts";

Deno.test("byPlace() knows a service by its device or by where it listens, not by its name", () => {
  const services = configOf({
    L: ["tungo://:0?name=tun7", "relay+wss://:8443", "relay://127.0.0.1:0"],
  }).services;
  assertEquals([...byPlace(services).keys()], [
    "tungo tun7",
    "proxy :8443",
    "proxy 127.0.0.1:0",
  ]);
});

Deno.test("byPlace() tells services apart whose port is left to the system", () => {
  const services = configOf({ L: ["relay://:0", "relay://:0"] }).services;
  assertEquals([...byPlace(services).keys()], ["proxy :0", "proxy :0 #2"]);
});
