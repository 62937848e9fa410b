/** A row: what is in the way, and what is asked of it. It has measures of its own, and verifies what comes of each. */
import type { Load } from "./load.js";

export interface Row {
  /** What is stored, in words. */
  readonly name: string;
  /** The names of what it measures. */
  readonly measures: readonly string[];
  /** Is it about commands that read as little however much there is? Only these are tried with a million. */
  readonly reads?: true;
  run(load: Load): Promise<void>;
}
