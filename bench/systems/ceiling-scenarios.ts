/** The scenarios that a ceiling cannot run: it adds jobs and runs them in batches, and has no features to measure. */
const WITHOUT = ["add-seq", "add-conc", "run-procs", "retry", "pickup", "backlog", "memory", "idle", "recover"];

/** The reasons, by scenario. */
export const CEILING_CANNOT: Readonly<Record<string, string>> = Object.fromEntries(
  WITHOUT.map((scenario) => [scenario, "a ceiling adds and runs jobs in batches, nothing else"]),
);
