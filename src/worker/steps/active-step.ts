/** A step in flight, as the progress of its run sees it. */
import type { ItemProgress } from "../../model/job/progress.js";

/** A step that has begun and is not over. */
export interface ActiveStep {
  readonly name: string;
  ended: boolean;
  /** The items it works on; of a plain step what it said itself. */
  items: ItemProgress | null;
  /** What the items in flight have reached together, each 0 to 1. */
  inner: number;
}
