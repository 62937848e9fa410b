/** What the author of an engine brings to the conformance suite: fresh storage, and access to it beside the engine. */
import type { Clock } from "../../../model/value/clock.js";
import type { JobRef } from "../../../model/job/job.js";
import type { Awaitable, Engine } from "../../contract/engine.js";

/** Empty storage of its own for one scenario. */
export interface TestStorage {
  /**
   * An open engine on this storage, with the time of `clock`. Called again: another connection to the same storage;
   * an engine that lives in one object answers that object.
   */
  connect(clock: Clock): Awaitable<Engine>;
  /** Everything that is stored: keys, rows … Only with the capability `"leftovers"`. */
  readonly leftovers?: () => Awaitable<readonly string[]>;
  /** Makes the stored body of a job impossible to decode. Only with the capability `"corrupt"`. */
  readonly corrupt?: (ref: JobRef) => Awaitable<void>;
  /** Frees the storage. The engines are closed by then. */
  dispose(): Awaitable<void>;
}

/** What a scenario may need beyond the contract. */
export type Capability = "leftovers" | "corrupt";

/** An engine as the conformance suite sees it. */
export interface TestSetup {
  /** Which of the optional functions its storage has. Scenarios that need another are left out. */
  readonly capabilities: readonly Capability[];
  create(): Awaitable<TestStorage>;
}
