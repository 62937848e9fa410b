// Ctrl-C in the examples: the first ends the run in good order, a second leaves at once.

/** The reason of an aborted run. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** What is said at the first Ctrl-C, and what the run then ends with. */
export interface InterruptionWords {
  /** Default: that the queue stays as it is. */
  stopping?: string;
  /** Default: that the same command continues the run. */
  ended?: string;
}

/** Aborts at the first Ctrl-C. */
export function interruption({
  stopping = "Stopping; the queue stays as it is.",
  ended = "Interrupted. Run the same command again to finish.",
}: InterruptionWords = {}): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => {
    process.stderr.write(`\n${stopping} Press Ctrl-C again to leave at once.\n`);
    process.once("SIGINT", () => process.exit(130));
    controller.abort(new Interrupted(ended));
  });
  return controller.signal;
}
