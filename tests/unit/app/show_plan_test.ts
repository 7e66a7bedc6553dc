import { assert, assertEquals } from "@std/assert";
import { showPlan } from "../../../src/app/show_plan.ts";
import { ConfigError } from "../../../src/base/errors.ts";
import { configOf, type Written } from "../../support/config.ts";
import { linuxHooks, plainFile } from "../../support/tutorial.ts";

const HOP = "relay+wss://SERVER_IP:443?interface=eth0";

/** What GOST's TUN2SOCKS tutorial has for each system: parameters of the command line, and hooks of the file. */
const TUTORIAL = {
  linux: {
    parameters: "dns=1.1.1.1",
    hooks: linuxHooks("192.168.1.1"),
  },
  windows: {
    parameters: "dns=1.1.1.1",
    hooks: [
      "netsh interface ipv4 add route 0.0.0.0/0 tungo 192.168.123.1 metric=1",
    ],
  },
  darwin: {
    parameters: "route=1.0.0.0/8,2.0.0.0/8",
    hooks: [
      "route add -net 1.0.0.0/8 192.168.123.1",
      "route add -net 2.0.0.0/8 192.168.123.1",
    ],
  },
};

type Tutorial = (typeof TUTORIAL)[keyof typeof TUTORIAL];

function commandLine({ parameters }: Tutorial): Written {
  const device = "name=tungo&net=192.168.123.1/24&mtu=1420";
  return { L: [`tungo://:0?${device}&${parameters}`], F: [HOP] };
}

const EVERYTHING: Written = {
  L: [
    "tungo://:0?name=utun7&net=192.168.123.1/24,10.9.0.1/32,fd00:123::1/64" +
    "&peer=192.168.123.2&mtu=1400&dns=1.1.1.1,9.9.9.9,2606:4700:4700::1111" +
    "&route=0.0.0.0/0,::/0,10.0.0.0/8 192.168.123.2,192.168.123.0/24",
    "relay://:8443",
  ],
};

for (const [system, tutorial] of Object.entries(TUTORIAL)) {
  Deno.test(`showPlan says what the tutorial and more would do on ${system} [H.2 macOS, H.2 Windows]`, async () => {
    const plans = [commandLine(tutorial), {
      yaml: plainFile("SERVER_IP", tutorial.hooks),
    }, EVERYTHING]
      .map((written) => showPlan(configOf(written), system));
    const golden = new URL(
      `../../fixtures/plans/${system}.txt`,
      import.meta.url,
    );
    assertEquals(plans.join("\n"), await Deno.readTextFile(golden));
  });
}

Deno.test("showPlan names the systems when it is asked for another", () => {
  const plan = showPlan(configOf(EVERYTHING), "beos");
  assert(plan instanceof ConfigError);
  assertEquals(
    plan.message,
    'Cannot plan for "beos": the systems are linux, darwin, windows',
  );
});
