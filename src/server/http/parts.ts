/** What the routes and guards of one server share. */
import type { Longshore } from "../../client/longshore.js";
import type { ClientCaps } from "./client-caps.js";
import type { PayloadWatch } from "./payload-watch.js";
import type { AnyTask } from "../../define/task.js";

/** Where the server tells what its operator should know. `fields` carry no payloads. */
export type ServerLog = (
  level: "info" | "warn" | "error",
  message: string,
  fields: Readonly<Record<string, unknown>>,
) => void;

/** The parts of a server that routes work with. */
export interface ServerParts {
  readonly longshore: Longshore;
  /** The tasks that this process knows, by name. */
  readonly tasks: ReadonlyMap<string, AnyTask>;
  readonly log: ServerLog;
  /** Looks at the inputs of jobs before they are accepted. */
  readonly payloads: PayloadWatch;
  /** Is all else well that this process needs, beside its engine and its own workers? */
  readonly ready: () => Promise<boolean>;
  /** The requests that wait for a result. */
  readonly polls: ClientCaps;
  /** Aborts when the server closes: whatever waits answers then. */
  readonly closing: AbortSignal;
}
