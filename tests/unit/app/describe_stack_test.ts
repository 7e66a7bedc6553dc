import { assertEquals } from "@std/assert";
import { describeStack } from "../../../src/app/describe_stack.ts";
import { drill } from "../../support/drill.ts";

Deno.test("describeStack tells connections with their TCB, and drops by reason", () => {
  const d = drill("ESTABLISHED", { syn: { window: 500 } });
  d.write("abc").in({ seq: 1, ack: 1, window: 500, text: "hello" });
  d.in({ seq: 900_000, ack: 1, text: "x" });

  assertEquals(
    describeStack("service-0", d.stack),
    [
      "service-0: 1 connections, 0 sessions",
      "  tcp 10.0.0.2:40000 → 192.0.2.1:80 ESTABLISHED snd.una=1 snd.nxt=4 snd.wnd=500 queued=3 mss=1380 cwnd=Infinity ssthresh=Infinity srtt=0.0 rto=200 rcv.nxt=6 unread=5",
      "  dropped 1 tcp.unacceptable",
      "",
    ].join("\n"),
  );
});
