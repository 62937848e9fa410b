/** Every job fails at its first attempt and completes at its second, which may run at once. */
import { drain } from "../drain.js";
import type { Scenario } from "../scenario.js";

export const retry: Scenario = {
  id: "retry",
  what: "every job fails once, then completes; concurrency 100",
  measures: [{ name: "retry", unit: "jobs/s", better: "more" }],
  round: async (context) => ({ retry: await drain(context, { concurrency: 100, behaviour: "fail-once" }) }),
};
