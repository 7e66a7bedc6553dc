import { DialError } from "../base/errors.ts";
import type { Dialer } from "../flow/dialer.ts";
import type { Target } from "../flow/flow.ts";
import { rejected } from "../flow/stream.ts";

/** Turns every flow down. GOST's direct node with `action: reject`, which lets applications connect to nobody. */
export function reject(name: string): Dialer {
  const turnDown = ({ trace }: Target): Promise<never> => {
    trace.push({ by: name, what: "rejected", because: "action: reject" });
    const message = `${name} turns flows down (action: reject)`;
    return rejected(new DialError("forbidden", message, { isDecision: true }));
  };
  return { dialStream: turnDown, dialDatagram: turnDown };
}
