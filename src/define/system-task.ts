/** Tasks of the platform that workers run beside those of the application, and what their handlers are given beyond the usual. */
import type { JobContext } from "./context.js";
import type { AnyTask } from "./task.js";

/** A value that outlives the run: one at a time, stored before the run goes on. */
export interface KeptValue {
  /** What was kept last, in whatever run; `undefined`: nothing. */
  read(): Promise<unknown>;
  /** Keeps this instead. @throws the signal's reason, or LeaseLost, when the lease is lost */
  write(value: unknown): Promise<void>;
}

export interface SystemContext extends JobContext<unknown> {
  readonly kept: KeptValue;
}

export interface SystemTask {
  readonly task: AnyTask;
  readonly code: (context: SystemContext) => Promise<unknown>;
}
