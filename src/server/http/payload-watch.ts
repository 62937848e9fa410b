/** Says once of each task that its inputs come near the cap: before the first one is refused, and not for each. */
import { encodePayload } from "../../model/value/codec.js";

type Warn = (level: "warn", message: string, fields: Readonly<Record<string, unknown>>) => void;

/** How many tasks are remembered. */
const MOST_TASKS = 1_000;

export class PayloadWatch {
  readonly #cap: number;
  readonly #log: Warn;
  readonly #said = new Set<string>();

  /** @param cap the most bytes of an input */
  constructor(cap: number, log: Warn) {
    this.#cap = cap;
    this.#log = log;
  }

  /** Looks at the inputs of a request. @param bytes of its whole body: a small one has no large input */
  look(bytes: number, jobs: readonly { readonly task: string; readonly input?: unknown }[]): void {
    if (bytes <= this.#cap / 2) return;
    for (const { task, input } of jobs) {
      if (this.#said.has(task) || this.#said.size >= MOST_TASKS) continue;
      const size = Buffer.byteLength(encodePayload("input", input ?? null, Number.POSITIVE_INFINITY));
      if (size <= this.#cap / 2) continue;
      this.#said.add(task);
      this.#log("warn", "An input is larger than half of what is taken: store it elsewhere and pass a reference", {
        ...{ task, size, cap: this.#cap },
      });
    }
  }
}
