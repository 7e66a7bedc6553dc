import { ProtocolError } from "../base/errors.ts";
import { decodeText } from "./decode_text.ts";

/** At most 255 octets of UTF-8 each. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** ULEN, user, PLEN, password: RFC 1929 §2 behind its version, and the body of a relay's UserAuth. Fails where one is too long. */
export function encodeCredentials(
  { username, password }: Credentials,
): Uint8Array | ProtocolError {
  const encoder = new TextEncoder();
  const user = encoder.encode(username);
  const pass = encoder.encode(password);
  if (user.length > 255 || pass.length > 255) {
    return new ProtocolError(
      "credentials",
      "Cannot carry a user name or password of more than 255 octets",
    );
  }
  return Uint8Array.of(user.length, ...user, pass.length, ...pass);
}

/** What follows the password is ignored; undefined where `octets` end before it does. */
export function parseCredentials(octets: Uint8Array): Credentials | undefined {
  const userEnd = 1 + (octets[0] ?? 0);
  const passEnd = userEnd + 1 + (octets[userEnd] ?? 0);
  if (octets.length < passEnd) return undefined;
  return {
    username: decodeText(octets.subarray(1, userEnd)),
    password: decodeText(octets.subarray(userEnd + 1, passEnd)),
  };
}
