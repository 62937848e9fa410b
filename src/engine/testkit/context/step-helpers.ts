/** Helpers for scenarios about what runs store. */
import type { Checkpoint } from "../../../model/job/report/checkpoint.js";

/** The checkpoint of a step. */
export function checkpoint(seq: number, change: Partial<Checkpoint> = {}): Checkpoint {
  return {
    seq,
    kind: "step",
    name: `step-${seq}`,
    key: null,
    value: `{"n":${seq}}`,
    at: 1_000 + seq,
    took: 5,
    counters: null,
    ...change,
  };
}
