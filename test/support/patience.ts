// How long a test waits for what must happen before it says that it did not. Not how long anything may take: on a machine
// with ten other things to do, starting a process takes seconds. `vitest.config.ts` gives `expect.poll` the same.

/** Milliseconds. */
export const PATIENCE = 60_000;
