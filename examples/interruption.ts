// Ctrl-C in the examples: the first lets the queue as it is, so that the next run goes on; a second leaves at once.

/** The reason of an aborted run. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** Aborts at the first Ctrl-C. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => {
    process.stderr.write("\nStopping; the queue stays as it is. Press Ctrl-C again to leave at once.\n");
    process.once("SIGINT", () => process.exit(130));
    controller.abort(new Interrupted("Interrupted. Run the same command again to finish."));
  });
  return controller.signal;
}
