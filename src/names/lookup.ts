/** What a name stands for, and who says so. */
export interface Found {
  /** At least one, the best first. */
  readonly addresses: readonly string[];
  /** Like "hosts-0". */
  readonly by: string;
  readonly because: string;
}

/** What hosts or a resolver have for a name or an address; undefined where it is to be asked for as it is. Rejects with a DialError. */
export type Lookup = (
  name: string,
  signal: AbortSignal,
) => Promise<Found | undefined>;
