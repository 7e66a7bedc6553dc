import { assertEquals } from "@std/assert";
import { namespaceRemedy, unshare } from "../../../../scripts/demo/needs.ts";

Deno.test("namespaceRemedy names the variables that keep user namespaces away, and no others", () => {
  const remedy = (variables: Record<string, string>) =>
    namespaceRemedy((name) => variables[name]);
  const apparmor = "kernel.apparmor_restrict_unprivileged_userns";
  assertEquals(
    remedy({ [apparmor]: "1", "kernel.unprivileged_userns_clone": "1" }),
    `run it by sudo, or allow them: sudo sysctl ${apparmor}=0`,
  );
  assertEquals(
    remedy({
      "kernel.unprivileged_userns_clone": "0",
      "user.max_user_namespaces": "0",
    }),
    "run it by sudo, or allow them: sudo sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000",
  );
  assertEquals(
    remedy({ [apparmor]: "0" }),
    "run it by sudo; in a container: start it with --privileged",
  );
});

Deno.test("unshare takes a user namespace for everybody but root", () => {
  assertEquals(unshare(1000).includes("--user"), true);
  assertEquals(unshare(0).includes("--user"), false);
});
