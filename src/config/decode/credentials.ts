import type { CredentialsConfig } from "../hop_schema.ts";
import type { Problems } from "../problems.ts";
import { Secret } from "../secret.ts";
import { refuse, type Section, text } from "./section.ts";

/** RFC 1929 §2, and the same in relay's user feature: a length is one octet. */
const MAX_OCTETS = 255;

/** Undefined when neither a name nor a password is given. */
export function decodeCredentials(
  section: Section,
  problems: Problems,
): CredentialsConfig | undefined {
  refuse(section, ["file"], problems);
  const username = text(section, "username");
  const password = text(section, "password");
  if (username === "" && password === "") return undefined;
  for (const [what, value] of Object.entries({ username, password })) {
    const octets = new TextEncoder().encode(value).length;
    if (octets <= MAX_OCTETS) continue;
    problems.error(
      `Cannot use a ${what} of ${octets} octets as it must be <= ${MAX_OCTETS}`,
      section,
    );
  }
  return { username, password: new Secret(password) };
}
