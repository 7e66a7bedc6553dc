/** One thing done to the system, as data: it is shown, compared and written down as it is. */
export type Action =
  | {
    /** A command and its arguments; no shell. */
    readonly run: readonly string[];
    readonly input?: string;
    /** Where the exit code says nothing: words on standard error are a failure. */
    readonly failure?: "stderr";
  }
  | {
    /** A path. Written only where the file still reads `from`; null stands for no file. */
    readonly file: string;
    readonly from: string | null;
    readonly to: string | null;
  };

export interface Change {
  readonly do: Action;
  /** Absent where the change ends with the device. */
  readonly undo?: Action;
  /** Takes it back while the device stays, where that is no matter of `undo`. */
  readonly revoke?: Action;
}

/** The first of several ways that works as a whole. Where none does, the program goes on with a warning. */
export interface Attempt {
  readonly ways: readonly (readonly Change[])[];
  /** What is missing now, a sentence. */
  readonly warning: string;
}

export type Step = Change | Attempt;

/** "ip -4 route add 10.0.0.0/8 dev tungo", "edit /etc/resolv.conf". */
export function formatAction(action: Action): string {
  return "run" in action ? action.run.join(" ") : `edit ${action.file}`;
}
