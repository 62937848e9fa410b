/** SIGTERM and SIGINT (Ctrl-C), as a command hears them. */

/** Signals closer together than this (milliseconds) are one: npm and the terminal may both pass on a Ctrl-C. */
const ECHO = 300;

/** Calls `obey` for each signal, echoes left out. The returned function ends it. */
export function onStopSignals(obey: (signal: NodeJS.Signals) => void): () => void {
  let last = Number.NEGATIVE_INFINITY;
  const hear = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (now - last < ECHO) return;
    last = now;
    obey(signal);
  };
  process.on("SIGTERM", hear).on("SIGINT", hear);
  return () => process.off("SIGTERM", hear).off("SIGINT", hear);
}
