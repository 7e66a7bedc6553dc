/** What GOST keeps of a document, how it prints it, and in which order. */
export type Shape = Readonly<Record<string, Kind>>;

export type Kind = Leaf | { readonly object: Shape } | List;

export interface List {
  readonly list: Shape;
  /** The field that an item stands for which is a mere text. */
  readonly text?: string;
  /** Printed also when it is empty. */
  readonly always?: boolean;
}

/** With "!" it is printed also when it is empty or zero. */
export type Leaf =
  | "text"
  | "text!"
  | "integer"
  | "integer!"
  | "boolean"
  /** In ms; printed as Go writes durations, in JSON as nanoseconds. */
  | "duration"
  | "duration!"
  | "texts"
  /** A mapping of texts. */
  | "map"
  /** Kept as it is: metadata, and what tungo has no use for. */
  | "anything";
