/** What a socket tells its owner, from within the stack's `receive` and `poll`, or `abort`. */
export interface TcpEvents {
  onEstablished(): void;
  /** Octets have come, or FIN. */
  onReadable(): void;
  /** The peer has acknowledged octets. */
  onWritable(): void;
  /** Nothing happens any more; without a reason it was an orderly end. What is readable stays so. */
  onClosed(reason: "reset" | "timeout" | undefined): void;
}
