/** SIGTERM and SIGINT (Ctrl-C) for a command, without echoes. */

/** Signals closer together than this (milliseconds) are one: npm and the terminal may both pass on a Ctrl-C. */
const ECHO = 300;

/** Calls `obey` for each signal, echoes left out. The returned function removes the listeners. */
export function onStopSignals(obey: (signal: NodeJS.Signals) => void): () => void {
  let last = Number.NEGATIVE_INFINITY;
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (now - last < ECHO) return;
    last = now;
    obey(signal);
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  return () => process.off("SIGTERM", onSignal).off("SIGINT", onSignal);
}
