/** A stored job of the memory engine. */
import type { Failure } from "../../../model/failure/failure.js";
import type { StepFailure } from "../../../model/failure/step-failure.js";
import type { Checkpoint } from "../../../model/job/report/checkpoint.js";
import type { AttemptRecord, JobSpec, RanBy } from "../../../model/job/job.js";
import type { LogLine } from "../../../model/job/report/log.js";
import type { Progress } from "../../../model/job/progress.js";
import type { JobState } from "../../../model/job/state.js";
import type { OrderKey } from "../../shared/listing-order.js";
import type { FlowStage } from "../../shared/reactions.js";

/** A run that ended, with the code of its worker's build. */
export type MemoryAttempt = Omit<AttemptRecord, keyof RanBy> & { readonly build: string | null };

/** A stored job: its spec and everything that changes. */
export interface MemoryJob {
  readonly id: string;
  readonly queue: string;
  spec: JobSpec;
  state: JobState;
  key: OrderKey;
  createdAt: number;
  runAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  /** When retention removes it by its age, once it has ended. */
  removeAt: number;
  /** When it expires unless it starts before; `null` once it has started. */
  expireAt: number | null;
  /** Attempts: runs that counted. */
  counted: number;
  /** The number of the exchange that leased it last; 0 before. */
  epoch: number;
  /** The epoch of the last lease that its worker settled: the same outcome sent again is answered `applied`. */
  settledEpoch: number;
  crashes: number;
  suspect: boolean;
  /** Since when it has been declined: while queued it is set aside. Only queued and active jobs have this. */
  declinedAt: number | null;
  /** Its place when it was leased last: the number of its key. */
  place: number;
  session: string | null;
  result: string | null;
  meta: string | null;
  error: Failure | null;
  progress: Progress | null;
  /** By number; `null` when there are none, as for most jobs. */
  checkpoints: Map<number, Checkpoint> | null;
  failures: readonly StepFailure[];
  history: MemoryAttempt[];
  lines: LogLine[];
  linesDropped: number;
  /** The last report whose lines were appended: its lease and number. */
  logged: { readonly epoch: number; readonly number: number };
  nonce: string | null;
  /** The last commands on it (shared/operations.ts). */
  operations: string | null;
  /** Created held, and not released since. */
  held: boolean;
  /** How many of its dependencies have not ended. */
  pendingDependencies: number;
  /** How often it began to wait again for its dependencies. */
  round: number;
  /** A flow that is still being created. */
  open: boolean;
  /** It was retained for dependents, so it is trimmed after jobs that were not. */
  wasRetained: boolean;
}

/** The stage of a flow; `null`: the job is no flow. */
export function flowStage({ spec, open }: MemoryJob): FlowStage | null {
  return spec.role !== "flow" ? null : open ? "open" : "begun";
}
