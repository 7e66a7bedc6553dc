/**
 * RFC 9293 §3.3.2, figure 5. Everything that decides transitions is in this table. LISTEN is virtual: any SYN that is
 * nobody's asks the application (`PendingSyn`).
 */
export type State =
  | "SYN-SENT"
  | "SYN-RECEIVED"
  | "ESTABLISHED"
  | "FIN-WAIT-1"
  | "FIN-WAIT-2"
  | "CLOSE-WAIT"
  | "CLOSING"
  | "LAST-ACK"
  | "TIME-WAIT"
  | "CLOSED";

export type Transition =
  /** A SYN arrived in SYN-SENT without an ACK of ours: simultaneous open. */
  | "receive SYN"
  /** Our SYN, or SYN-ACK, was acknowledged. */
  | "receive ACK of SYN"
  /** Our FIN left. */
  | "send FIN"
  | "receive FIN"
  | "receive ACK of FIN"
  /** RST, time-out, or the application's abort. */
  | "abort";

const TRANSITIONS: {
  readonly [S in State]: { readonly [T in Transition]?: State };
} = {
  "SYN-SENT": {
    "receive SYN": "SYN-RECEIVED",
    "receive ACK of SYN": "ESTABLISHED",
    "abort": "CLOSED",
  },
  "SYN-RECEIVED": {
    "receive ACK of SYN": "ESTABLISHED",
    "send FIN": "FIN-WAIT-1",
    "abort": "CLOSED",
  },
  "ESTABLISHED": {
    "send FIN": "FIN-WAIT-1",
    "receive FIN": "CLOSE-WAIT",
    "abort": "CLOSED",
  },
  "FIN-WAIT-1": {
    "receive ACK of FIN": "FIN-WAIT-2",
    "receive FIN": "CLOSING",
    "abort": "CLOSED",
  },
  "FIN-WAIT-2": { "receive FIN": "TIME-WAIT", "abort": "CLOSED" },
  "CLOSE-WAIT": { "send FIN": "LAST-ACK", "abort": "CLOSED" },
  "CLOSING": { "receive ACK of FIN": "TIME-WAIT", "abort": "CLOSED" },
  "LAST-ACK": { "receive ACK of FIN": "CLOSED", "abort": "CLOSED" },
  "TIME-WAIT": { "abort": "CLOSED" },
  "CLOSED": {},
};

/** The state that follows; a transition the table does not know is a mistake of ours. */
export function transition(state: State, what: Transition): State {
  const next = TRANSITIONS[state][what];
  if (next === undefined) throw new Error(`No "${what}" in ${state}`);
  return next;
}

/** Whether the application may still send: nothing has gone out behind which no data may follow. */
export function maySend(state: State): boolean {
  return state === "ESTABLISHED" || state === "CLOSE-WAIT";
}

/** Whether segment text is processed. RFC 9293 §3.10.7.4, seventh step. */
export function mayReceive(state: State): boolean {
  return state === "ESTABLISHED" || state === "FIN-WAIT-1" ||
    state === "FIN-WAIT-2";
}
