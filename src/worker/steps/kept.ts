/**
 * What a built-in task keeps of its state: one checkpoint, replaced each time, however long the run. It is stored before the run
 * goes on, and only under its lease, so what an earlier run says late does not replace it.
 */
import { decodePayload, encodePayload, HARD_PAYLOAD_CAP } from "../../model/value/codec.js";
import { KEPT } from "./checkpoints.js";
import type { KeptValue } from "../../define/system-task.js";
import type { RunParts } from "./run-steps.js";

export class Kept implements KeptValue {
  readonly #parts: RunParts;

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  read(): Promise<unknown> {
    const { inFlight, checkpoints } = this.#parts;
    return inFlight.during(() => {
      const text = checkpoints.value(KEPT, null);
      return Promise.resolve(text === undefined ? undefined : decodePayload(text));
    });
  }

  write(value: unknown): Promise<void> {
    const { inFlight, checkpoints, environment } = this.#parts;
    const text = encodePayload(KEPT, value, HARD_PAYLOAD_CAP);
    const at = environment.clock.now();
    return inFlight.during(() =>
      checkpoints.save({ kind: "step", name: KEPT, key: null, value: text, at, took: 0, counters: null }),
    );
  }
}
