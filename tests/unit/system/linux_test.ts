import { assert, assertEquals } from "@std/assert";
import type { DevicePlanOptions } from "../../../src/system/device_plan.ts";
import { linuxPlan } from "../../../src/system/linux.ts";
import {
  type Action,
  formatAction,
  type Step,
} from "../../../src/system/plan.ts";
import {
  parseAddress,
  parsePrefix,
  type Prefix,
} from "../../../src/wire/address.ts";

interface Words {
  readonly device?: string;
  readonly net?: string;
  /** Like "10.0.0.0/8 192.0.2.1". */
  readonly routes?: string[];
  readonly dns?: string[];
  readonly resolvConf?: string | null;
}

function plan(
  { device = "tungo", net = "", routes = [], dns = [], resolvConf = null }:
    Words,
): Step[] {
  const options: DevicePlanOptions = {
    device,
    mtu: 1420,
    addresses: net.split(",").filter(Boolean).map(prefix),
    routes: routes.map((route) => {
      const [first = "", gateway] = route.split(" ");
      return gateway === undefined
        ? { prefix: prefix(first) }
        : { prefix: prefix(first), gateway: address(gateway) };
    }),
    dns: dns.map(address),
    readFile: () => resolvConf,
  };
  return linuxPlan(options);
}

/** Only changes without undo. */
function commands(words: Words): string[] {
  return plan(words).map((step) => {
    assert("do" in step && step.undo === undefined);
    return formatAction(step.do);
  });
}

Deno.test("linuxPlan carries out the tutorial's command line [H.2 dns without resolvectl]", () => {
  const steps = plan({ net: "192.168.123.1/24", dns: ["1.1.1.1"] });

  assertEquals(steps, [
    {
      do: {
        run: [
          ...["ip", "-4", "addr", "add", "192.168.123.1/24", "dev", "tungo"],
        ],
      },
      revoke: {
        run: [
          ...["ip", "-4", "addr", "del", "192.168.123.1/24", "dev", "tungo"],
        ],
      },
    },
    {
      ways: [
        [
          {
            do: { run: ["resolvectl", "dns", "tungo", "1.1.1.1"] },
            revoke: { run: ["resolvectl", "revert", "tungo"] },
          },
          { do: { run: ["resolvectl", "domain", "tungo", "~."] } },
          { do: { run: ["resolvectl", "default-route", "tungo", "yes"] } },
        ],
        [{
          do: {
            run: ["resolvconf", "-a", "tun.tungo", "-m", "0", "-x"],
            input: "nameserver 1.1.1.1\n",
          },
          undo: { run: ["resolvconf", "-d", "tun.tungo"] },
        }],
        [{
          do: {
            file: "/etc/resolv.conf",
            from: null,
            to:
              "# tungo begins; the lines marked #~ come back when it stops\n" +
              "nameserver 1.1.1.1\n# tungo ends\n",
          },
          undo: {
            file: "/etc/resolv.conf",
            from:
              "# tungo begins; the lines marked #~ come back when it stops\n" +
              "nameserver 1.1.1.1\n# tungo ends\n",
            to: null,
          },
        }],
      ],
      warning: "The system goes on asking its own nameservers, not 1.1.1.1",
    },
  ]);
});

Deno.test("linuxPlan adds addresses of both families, IPv6 without duplicate address detection", () => {
  assertEquals(
    commands({ device: "t0", net: "10.1.2.3/16,fd00::1/64,192.0.2.1,fd01::2" }),
    [
      "ip -4 addr add 10.1.2.3/16 dev t0",
      "ip -6 addr add fd00::1/64 dev t0 nodad",
      "ip -4 addr add 192.0.2.1/32 dev t0",
      "ip -6 addr add fd01::2/128 dev t0 nodad",
    ],
  );
});

Deno.test("linuxPlan adds routes of networks, by a gateway where one is given", () => {
  assertEquals(
    commands({
      routes: ["10.1.2.3/8", "203.0.113.9/32 192.0.2.1", "2001:db8::9/47"],
    }),
    [
      "ip -4 route add 10.0.0.0/8 dev tungo",
      "ip -4 route add 203.0.113.9/32 via 192.0.2.1 dev tungo",
      "ip -6 route add 2001:db8::/47 dev tungo metric 1",
    ],
  );
});

Deno.test("linuxPlan halves default routes instead of replacing them [H.2 default route, K16]", () => {
  assertEquals(commands({ routes: ["0.0.0.0/0", "::/0 fd00::2"] }), [
    "ip -4 route add 0.0.0.0/1 dev tungo",
    "ip -4 route add 128.0.0.0/1 dev tungo",
    "ip -6 route add ::/1 via fd00::2 dev tungo metric 1",
    "ip -6 route add 8000::/1 via fd00::2 dev tungo metric 1",
  ]);
});

Deno.test("linuxPlan adds no route twice, and none that an address brings along", () => {
  assertEquals(
    commands({
      net: "10.0.0.1/24",
      routes: ["0.0.0.0/1", "0.0.0.0/0", "10.0.0.9/24", "10.0.0.0/25"],
    }),
    [
      "ip -4 addr add 10.0.0.1/24 dev tungo",
      "ip -4 route add 0.0.0.0/1 dev tungo",
      "ip -4 route add 128.0.0.0/1 dev tungo",
      "ip -4 route add 10.0.0.0/25 dev tungo",
    ],
  );
});

Deno.test("linuxPlan keeps what resolv.conf read, even where a killed tungo has left its own there", () => {
  const original = "search example.com\nnameserver 192.0.2.53\n";
  const first = fileOf(plan({ dns: ["1.1.1.1"], resolvConf: original }));
  const left = first.do.to;
  const second = fileOf(plan({ dns: ["9.9.9.9", "::1"], resolvConf: left }));

  assertEquals(left?.split("\n"), [
    "# tungo begins; the lines marked #~ come back when it stops",
    "nameserver 1.1.1.1",
    "# tungo ends",
    "search example.com",
    "#~ nameserver 192.0.2.53",
    "",
  ]);
  assertEquals(first.undo, {
    file: "/etc/resolv.conf",
    from: left,
    to: original,
  });
  assertEquals(second.do.from, left);
  assertEquals(second.do.to?.split("\n").slice(0, 4), [
    "# tungo begins; the lines marked #~ come back when it stops",
    "nameserver 9.9.9.9",
    "nameserver ::1",
    "# tungo ends",
  ]);
  assertEquals(second.undo.to, original);
});

type FileAction = Extract<Action, { file: string }>;

/** The last way to set nameservers. */
function fileOf(steps: Step[]): { do: FileAction; undo: FileAction } {
  const [step] = steps;
  assert(step !== undefined && "ways" in step);
  const change = step.ways.at(-1)?.[0];
  assert(change !== undefined && "file" in change.do);
  assert(change.undo !== undefined && "file" in change.undo);
  return { do: change.do, undo: change.undo };
}

function prefix(text: string): Prefix {
  const prefix = parsePrefix(text);
  assert(prefix, text);
  return prefix;
}

function address(text: string): Uint8Array {
  const address = parseAddress(text);
  assert(address, text);
  return address;
}

Deno.test("linuxPlan says how addresses and routes are taken back while the device stays", () => {
  const steps = plan({
    net: "192.168.123.1/24,fd12::1/64",
    routes: ["10.0.0.0/8", "2001:db8::/32"],
  });
  assertEquals(
    steps.map((step) =>
      "do" in step && step.revoke !== undefined ? formatAction(step.revoke) : ""
    ),
    [
      "ip -4 addr del 192.168.123.1/24 dev tungo",
      "ip -6 addr del fd12::1/64 dev tungo",
      "ip -4 route del 10.0.0.0/8 dev tungo",
      "ip -6 route del 2001:db8::/32 dev tungo metric 1",
    ],
  );
});
