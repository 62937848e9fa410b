/** Progress in a few words. */
import type { Progress } from "../../model/job/progress.js";

/** Such as `60 %  analyse 3/8  half way`. */
export function progressText({ percent, status, step, done, total, items, message }: Progress): string {
  const of = items !== null ? ` ${items.done}/${items.total}` : total !== null ? ` (${done}/${total})` : "";
  return [`${percent} %`, status ?? "", step === null ? "" : `${step}${of}`, message ?? ""]
    .filter((part) => part !== "")
    .join("  ");
}

/** Such as `issues 3, pages 12`; empty without counters. */
export function countersText({ counters }: Progress): string {
  return Object.entries(counters)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}
