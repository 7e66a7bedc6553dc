import { assertEquals } from "@std/assert";
import { NAME, WEB } from "../../../../scripts/demo/places.ts";
import { answerDns } from "../../../../scripts/demo/server.ts";
import { encodeDnsQuery, parseDnsAnswer } from "../../../../src/proto/dns.ts";

function ask(name: string, type: "A" | "AAAA") {
  const query = encodeDnsQuery({ id: 7, name, type });
  if (query instanceof Error) throw query;
  const answer = answerDns(query);
  if (answer === undefined) throw new Error("no answer");
  const parsed = parseDnsAnswer(answer);
  if (parsed instanceof Error) throw parsed;
  const { question, rcode, addresses, ttl } = parsed;
  return { id: question.id, rcode, addresses, ttl };
}

Deno.test("answerDns knows the address of its one name", () => {
  const answer = { id: 7, rcode: 0, addresses: [WEB], ttl: 60 };
  assertEquals(ask(NAME, "A"), answer);
  assertEquals(ask(NAME, "AAAA"), { ...answer, addresses: [], ttl: 0 });
});

Deno.test("answerDns says that other names do not exist [RFC 1035 §4.1.1]", () => {
  const answer = ask("other.example", "A");
  assertEquals(answer, { id: 7, rcode: 3, addresses: [], ttl: 0 });
});

Deno.test("answerDns does not answer what is no query", () => {
  assertEquals(answerDns(Uint8Array.of(1, 2, 3)), undefined);
  const query = encodeDnsQuery({ id: 7, name: NAME, type: "A" });
  if (query instanceof Error) throw query;
  const answer = answerDns(query);
  assertEquals(answer && answerDns(answer), undefined);
});
