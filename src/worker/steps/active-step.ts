/** A step in flight, as its run's progress keeps it. */
import type { ItemProgress } from "../../model/job/progress.js";

/** A step that has begun and not ended. */
export interface ActiveStep {
  readonly name: string;
  ended: boolean;
  /** The items it works on; for a plain step, what its code reported. */
  items: ItemProgress | null;
  /** The progress of the items in flight, summed up; each counts 0 to 1. */
  inner: number;
}
