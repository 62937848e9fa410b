/**
 * What the API takes and answers. Made from the OpenAPI document by `npm run api`, and compared with it by `npm run check:api`: what
 * is to be changed here is changed in the routes.
 */

/** Workers carry it out: see `links.self` */
export interface AcceptedBulk {
  readonly jobId: string;
  readonly status: JobState;
  readonly links: {
    readonly self: string;
    readonly cancel: string;
  };
}

export interface AcceptedJob {
  readonly jobId: string;
  readonly queue: string;
  readonly status: JobState;
  /** `created`, or which other job this is instead */
  readonly outcome: "created" | "existing" | "joined" | "replaced" | "rejected";
  readonly links: {
    readonly self: string;
    readonly result: string;
    readonly events: string;
  };
}

export interface AcceptedJobs {
  readonly jobs: readonly AcceptedJob[];
}

export interface AuditEntry {
  readonly entryId: string;
  /** ISO 8601, UTC */
  readonly at: string;
  readonly subject: string;
  readonly tag: string | null;
  readonly action: string;
  readonly queue: string | null;
  readonly id: string | null;
  /** Of each request the first twenty of what it made or touched */
  readonly ids: readonly string[];
  readonly count: number | null;
  /** How it was answered */
  readonly status: number;
  /** What was wrong; null: nothing */
  readonly code: string | null;
  /** Of the client */
  readonly address: string | null;
}

export interface BulkJob {
  readonly jobId: string;
  readonly state: JobState;
  readonly action: "cancel" | "retry" | "promote" | "release" | "remove";
  /** As it is stored: times in epoch milliseconds */
  readonly filter: { readonly [key: string]: unknown };
  readonly fromStart: boolean;
  /** Who asked for it */
  readonly by: string | null;
  readonly progress: Progress | null;
  /** null until it has ended well */
  readonly result: {
    readonly matched: number;
    readonly applied: number;
    /** To how many it was not done, by cause */
    readonly refused: { readonly [key: string]: number };
    readonly firstRefusals: readonly {
      readonly queue: string;
      readonly jobId: string;
      readonly outcome: string;
      readonly state: string | null;
    }[];
  } | null;
  readonly error: JobError | null;
  /** ISO 8601, UTC */
  readonly createdAt: string;
  /** ISO 8601, UTC */
  readonly startedAt: string | null;
  /** ISO 8601, UTC */
  readonly finishedAt: string | null;
  readonly links: {
    readonly self: string;
    readonly cancel: string;
  };
}

export interface BulkPreview {
  readonly action: "cancel" | "retry" | "promote" | "release" | "remove";
  readonly matched: number;
  /** false: at least so many */
  readonly exact: boolean;
}

export interface BulkRequest {
  readonly action: "cancel" | "retry" | "promote" | "release" | "remove";
  readonly filter: Filter;
  /** Only count the jobs; nothing is done */
  readonly preview?: boolean | undefined;
  /** Allows a filter without conditions */
  readonly all?: boolean | undefined;
  /** retry only: run also the steps that ended well */
  readonly fromStart?: boolean | undefined;
}

/** `state` is how it ended: null while it is waited for */
export interface Dependency {
  readonly queue: string;
  readonly jobId: string;
  readonly ifFailed: string;
  readonly state: string | null;
}

/** Milliseconds. Percentiles are estimated from the buckets */
export interface Durations {
  readonly count: number;
  readonly sum: number;
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly buckets: readonly {
    readonly upTo: number | null;
    readonly count: number;
  }[];
}

export interface EnqueueOptions {
  /** Another queue than the task's */
  readonly queue?: string | undefined;
  /** An id of your own: one job at most in a queue has it */
  readonly id?: string | undefined;
  /** Lower first */
  readonly priority?: number | undefined;
  /** How often it may run */
  readonly attempts?: number | undefined;
  /** The same less one */
  readonly retries?: number | undefined;
  /** The wait between attempts */
  readonly backoff?:
    | number
    | string
    | readonly (number | string)[]
    | {
        readonly type: "constant" | "exponential";
        /** Milliseconds, or text such as "30s", "5m", "2h" */
        readonly delay: number | string;
        /** Milliseconds, or text such as "30s", "5m", "2h" */
        readonly max?: number | string | undefined;
        readonly factor?: number | undefined;
        readonly jitter?: number | undefined;
      }
    | undefined;
  /** Milliseconds, or text such as "30s", "5m", "2h" */
  readonly timeout?: number | string | undefined;
  /** Within which it must have started */
  readonly ttl?: number | string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly keep?:
    | {
        readonly completed?: unknown;
        readonly failed?: unknown;
      }
    | undefined;
  /** Milliseconds, or text such as "30s", "5m", "2h" */
  readonly delay?: number | string | undefined;
  /** ISO 8601, with a zone */
  readonly runAt?: string | Date | undefined;
  readonly meta?: { readonly [key: string]: unknown } | undefined;
  /** Created, and not run until it is released */
  readonly hold?: boolean | undefined;
  readonly unique?:
    | {
        readonly key: string;
        readonly until?: number | string | undefined;
        readonly onConflict?: "join" | "reject" | "replace" | undefined;
        /** Milliseconds, or text such as "30s", "5m", "2h" */
        readonly throttle?: number | string | undefined;
        /** Milliseconds, or text such as "30s", "5m", "2h" */
        readonly debounce?: number | string | undefined;
        /** Milliseconds, or text such as "30s", "5m", "2h" */
        readonly maxWait?: number | string | undefined;
      }
    | undefined;
  readonly supersedes?: string | undefined;
  /** Jobs that must have ended before it runs */
  readonly after?:
    | readonly (
        | {
            readonly queue: string;
            readonly jobId: string;
          }
        | {
            readonly job: {
              readonly queue: string;
              readonly jobId: string;
            };
            readonly ifFailed?: "fail" | "cancel" | "continue" | undefined;
          }
      )[]
    | undefined;
  /** What becomes of it when one of them does not complete */
  readonly ifFailed?: "fail" | "cancel" | "continue" | undefined;
}

export interface FailureGroup {
  readonly fingerprint: string;
  readonly name: string;
  readonly message: string;
  readonly code: string | null;
  readonly state: FailureGroupState;
  /** When it got this state; null: open from the beginning */
  readonly changedAt: string | null;
  readonly changedBy: string | null;
  /** How many runs failed */
  readonly runs: number;
  /** How many jobs stand failed with this error */
  readonly filed: number;
  /** ISO 8601, UTC */
  readonly firstAt: string;
  /** ISO 8601, UTC */
  readonly lastAt: string;
  readonly queues: readonly {
    readonly queue: string;
    readonly state: FailureGroupState;
    /** When it got this state; null: open from the beginning */
    readonly changedAt: string | null;
    readonly changedBy: string | null;
    /** How many runs failed */
    readonly runs: number;
    /** How many jobs stand failed with this error */
    readonly filed: number;
    /** ISO 8601, UTC */
    readonly firstAt: string;
    /** ISO 8601, UTC */
    readonly lastAt: string;
  }[];
  readonly tasks: readonly string[];
  readonly versions: readonly {
    readonly task: string;
    readonly appVersion: string | null;
    readonly environment: string | null;
    readonly version: string | null;
  }[];
  /** Jobs that failed, the latest first */
  readonly samples: readonly {
    readonly queue: string;
    readonly jobId: string;
  }[];
  /** Failed runs by hour */
  readonly hours: readonly {
    /** ISO 8601, UTC */
    readonly at: string;
    readonly count: number;
  }[];
  readonly links: {
    readonly self: string;
    readonly jobs: string;
  };
}

export type FailureGroupState = "open" | "regressed" | "acknowledged" | "resolved";

/** All conditions must hold, and none of those in `not` */
export interface Filter {
  readonly queue?: string | undefined;
  readonly queues?: readonly string[] | undefined;
  readonly states?: JobState | readonly JobState[] | undefined;
  readonly task?: string | undefined;
  readonly tasks?: readonly string[] | undefined;
  readonly tag?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly priority?:
    | number
    | {
        readonly min?: number | undefined;
        readonly max?: number | undefined;
      }
    | undefined;
  readonly attempt?:
    | number
    | {
        readonly min?: number | undefined;
        readonly max?: number | undefined;
      }
    | undefined;
  readonly created?:
    | {
        /** ISO 8601, with a zone */
        readonly from?: string | Date | undefined;
        /** ISO 8601, with a zone */
        readonly before?: string | Date | undefined;
      }
    | undefined;
  readonly started?:
    | {
        /** ISO 8601, with a zone */
        readonly from?: string | Date | undefined;
        /** ISO 8601, with a zone */
        readonly before?: string | Date | undefined;
      }
    | undefined;
  readonly finished?:
    | {
        /** ISO 8601, with a zone */
        readonly from?: string | Date | undefined;
        /** ISO 8601, with a zone */
        readonly before?: string | Date | undefined;
      }
    | undefined;
  readonly worker?: string | undefined;
  readonly flow?: string | undefined;
  /** `flow`: flows themselves; `job`: all that are none */
  readonly role?: "job" | "flow" | undefined;
  readonly schedule?: string | undefined;
  readonly fingerprint?: string | undefined;
  readonly errorText?: string | undefined;
  readonly idPrefix?: string | undefined;
  readonly idContains?: string | undefined;
  readonly noWorker?: boolean | undefined;
  readonly not?:
    | {
        readonly queue?: string | undefined;
        readonly queues?: readonly string[] | undefined;
        readonly states?: JobState | readonly JobState[] | undefined;
        readonly task?: string | undefined;
        readonly tasks?: readonly string[] | undefined;
        readonly tag?: string | undefined;
        readonly tags?: readonly string[] | undefined;
        readonly priority?:
          | number
          | {
              readonly min?: number | undefined;
              readonly max?: number | undefined;
            }
          | undefined;
        readonly attempt?:
          | number
          | {
              readonly min?: number | undefined;
              readonly max?: number | undefined;
            }
          | undefined;
        readonly created?:
          | {
              /** ISO 8601, with a zone */
              readonly from?: string | Date | undefined;
              /** ISO 8601, with a zone */
              readonly before?: string | Date | undefined;
            }
          | undefined;
        readonly started?:
          | {
              /** ISO 8601, with a zone */
              readonly from?: string | Date | undefined;
              /** ISO 8601, with a zone */
              readonly before?: string | Date | undefined;
            }
          | undefined;
        readonly finished?:
          | {
              /** ISO 8601, with a zone */
              readonly from?: string | Date | undefined;
              /** ISO 8601, with a zone */
              readonly before?: string | Date | undefined;
            }
          | undefined;
        readonly worker?: string | undefined;
        readonly flow?: string | undefined;
        /** `flow`: flows themselves; `job`: all that are none */
        readonly role?: "job" | "flow" | undefined;
        readonly schedule?: string | undefined;
        readonly fingerprint?: string | undefined;
        readonly errorText?: string | undefined;
        readonly idPrefix?: string | undefined;
        readonly idContains?: string | undefined;
        readonly noWorker?: boolean | undefined;
      }
    | undefined;
}

export type Flow = Job & {
  readonly members: StateCounts;
  /** Its jobs, each under the one that added it, else under the last of those it waits for */
  readonly tree: readonly FlowTreeRow[];
  /** Jobs of it that were removed one by one */
  readonly removed: readonly {
    readonly queue: string;
    readonly jobId: string;
  }[];
};

export interface FlowGraph {
  readonly queue: string;
  readonly jobId: string;
  /** The name of the flow */
  readonly flow: string;
  readonly state: JobState;
  readonly progress: Progress;
  /** Each after those that it waits for */
  readonly nodes: readonly FlowNode[];
  readonly edges: readonly {
    readonly from: {
      readonly queue: string;
      readonly jobId: string;
    };
    readonly to: {
      readonly queue: string;
      readonly jobId: string;
    };
    readonly ifFailed: "fail" | "cancel" | "continue";
  }[];
  /** Jobs of it that were removed one by one */
  readonly removed: readonly {
    readonly queue: string;
    readonly jobId: string;
  }[];
}

export interface FlowNode {
  readonly queue: string;
  readonly jobId: string;
  /** Its name in the flow */
  readonly node: string;
  /** The node that added it while the flow ran */
  readonly parent: string | null;
  readonly task: string;
  readonly state: JobState;
  readonly percent: number;
  readonly weight: number;
  /** May it fail without failing the flow? */
  readonly optional: boolean;
  readonly attempt: number;
  readonly attempts: number;
  /** ISO 8601, UTC */
  readonly startedAt: string | null;
  /** ISO 8601, UTC */
  readonly finishedAt: string | null;
  readonly error: JobError | null;
}

export type FlowTreeRow = FlowNode & {
  /** How far in it stands: 0 for a job that waits for none */
  readonly depth: number;
  /** Is it only mentioned, as it waits for this one too, and stands elsewhere? */
  readonly reference: boolean;
};

/** Give either cron or every */
export interface GivenSchedule {
  readonly task: string;
  /** Any JSON */
  readonly input?: unknown;
  /** The options of its jobs */
  readonly options?:
    | {
        /** Another queue than the task's */
        readonly queue?: string | undefined;
        /** Lower first */
        readonly priority?: number | undefined;
        /** How often it may run */
        readonly attempts?: number | undefined;
        /** The same less one */
        readonly retries?: number | undefined;
        /** The wait between attempts */
        readonly backoff?:
          | number
          | string
          | readonly (number | string)[]
          | {
              readonly type: "constant" | "exponential";
              /** Milliseconds, or text such as "30s", "5m", "2h" */
              readonly delay: number | string;
              /** Milliseconds, or text such as "30s", "5m", "2h" */
              readonly max?: number | string | undefined;
              readonly factor?: number | undefined;
              readonly jitter?: number | undefined;
            }
          | undefined;
        /** Milliseconds, or text such as "30s", "5m", "2h" */
        readonly timeout?: number | string | undefined;
        /** Within which it must have started */
        readonly ttl?: number | string | undefined;
        readonly tags?: readonly string[] | undefined;
        readonly keep?:
          | {
              readonly completed?: unknown;
              readonly failed?: unknown;
            }
          | undefined;
        readonly meta?: { readonly [key: string]: unknown } | undefined;
        readonly unique?:
          | {
              readonly key: string;
              readonly until?: number | string | undefined;
              readonly onConflict?: "join" | "reject" | "replace" | undefined;
              /** Milliseconds, or text such as "30s", "5m", "2h" */
              readonly throttle?: number | string | undefined;
              /** Milliseconds, or text such as "30s", "5m", "2h" */
              readonly debounce?: number | string | undefined;
              /** Milliseconds, or text such as "30s", "5m", "2h" */
              readonly maxWait?: number | string | undefined;
            }
          | undefined;
        readonly supersedes?: string | undefined;
      }
    | undefined;
  /** 5 fields, 6 with seconds first, or @daily and the like */
  readonly cron?: string | undefined;
  /** Whose clocks cron means; default: UTC */
  readonly timeZone?: string | undefined;
  /** Milliseconds, or text such as "30s", "5m", "2h" */
  readonly every?: number | string | undefined;
  /** ISO 8601, with a zone */
  readonly anchor?: string | Date | undefined;
  /** ISO 8601, with a zone */
  readonly start?: string | Date | undefined;
  /** ISO 8601, with a zone */
  readonly end?: string | Date | undefined;
  /** Milliseconds, or text such as "30s", "5m", "2h" */
  readonly jitter?: number | string | undefined;
  readonly catchUp?: "skip" | "one" | "all" | undefined;
  readonly overlap?: "allow" | "skip" | "supersede" | undefined;
  /** A new one only: created without firing */
  readonly paused?: boolean | undefined;
}

export interface Info {
  /** The version of Longshore */
  readonly version: string;
  /** The version of this API */
  readonly api: string;
  readonly engine: {
    readonly kind: "memory" | "sqlite" | "redis";
    /** Without secrets */
    readonly url: string;
    /** Can other processes use the same jobs? */
    readonly shared: boolean;
    readonly persistence: string;
  };
}

export interface Insight {
  readonly code:
    | "no-worker"
    | "quiet-workers"
    | "unknown-task"
    | "paused"
    | "waiting-long"
    | "worker-lost"
    | "crash-loop"
    | "clock-skew"
    | "mixed-versions"
    | "single-worker"
    | "schedule-late"
    | "schedule-unreadable"
    | "store-refuses"
    | "store-evicts"
    | "store-nearly-full"
    | "store-volatile"
    | "store-save-failed"
    | "store-rights"
    | "shared-cause"
    | "not-all-looked-at";
  /** error: jobs do not run, or may be lost */
  readonly severity: "error" | "warning" | "info";
  /** What is so, in one sentence */
  readonly text: string;
  /** What to do about it */
  readonly advice: string;
  /** ISO 8601, UTC */
  readonly since: string | null;
  /** What it is about: the first 20 of each kind */
  readonly subjects: {
    readonly queues?: readonly string[];
    readonly tasks?: readonly string[];
    readonly workers?: readonly string[];
    readonly schedules?: readonly string[];
    readonly nodes?: readonly string[];
    readonly failures?: readonly string[];
    readonly jobs?: readonly {
      readonly queue: string;
      readonly jobId: string;
    }[];
  };
}

export type Job = JobSummary & {
  /** Its place in the queue, 1 = next */
  readonly position: number | null;
  readonly dependencies: readonly Dependency[];
  /** Milliseconds an attempt may run */
  readonly timeout: number;
  readonly ttl: number | null;
  /** Its unique key */
  readonly unique: string | null;
  readonly supersedes: string | null;
  /** Are input, result and meta null because the token may not read them? */
  readonly payloadsHidden: boolean;
};

export interface JobChange {
  /** Any JSON */
  readonly input?: unknown;
  /** Milliseconds, or text such as "30s", "5m", "2h" */
  readonly delay?: number | string | undefined;
  /** ISO 8601, with a zone */
  readonly runAt?: string | Date | undefined;
  readonly priority?: number | undefined;
  readonly tags?: readonly string[] | undefined;
}

export interface JobCount {
  readonly count: number;
  /** Are there perhaps more? Only where there are 10,000 at least */
  readonly atLeast: boolean;
}

export interface JobError {
  readonly name: string;
  readonly message: string;
  readonly code: string | null;
  readonly fingerprint: string;
  readonly stack: string | null;
  /** The same of its cause, or null */
  readonly cause?: unknown;
}

export interface JobFacets {
  readonly count: number;
  /** Are there perhaps more? Only where there are 10,000 at least */
  readonly atLeast: boolean;
  readonly states: readonly {
    readonly value: string;
    readonly count: number;
  }[];
  readonly tasks: readonly {
    readonly value: string;
    readonly count: number;
  }[];
  readonly queues: readonly {
    readonly value: string;
    readonly count: number;
  }[];
  readonly tagKeys: readonly {
    readonly value: string;
    readonly count: number;
  }[];
  readonly errors: readonly {
    readonly value: string;
    readonly count: number;
    readonly name: string;
    readonly message: string;
  }[];
}

export interface JobRequest {
  readonly task: string;
  /** Any JSON */
  readonly input?: unknown;
  readonly options?: EnqueueOptions | undefined;
}

export interface JobRequests {
  readonly jobs: readonly JobRequest[];
}

export interface JobResult {
  readonly jobId: string;
  readonly queue: string;
  readonly state: JobState;
  readonly ended: boolean;
  /** Any JSON */
  readonly result?: unknown;
  readonly error: JobError | null;
  readonly failures: readonly {
    readonly step: string;
    readonly key: string | null;
    readonly error: JobError | null;
  }[];
}

export type JobState =
  | "blocked"
  | "delayed"
  | "queued"
  | "active"
  | "completed"
  | "partial"
  | "failed"
  | "cancelled"
  | "superseded"
  | "expired";

export interface JobStateAnswer {
  readonly jobId: string;
  readonly queue: string;
  readonly state: JobState;
}

export interface JobSummary {
  readonly jobId: string;
  readonly queue: string;
  readonly task: string;
  readonly state: JobState;
  readonly role: "job" | "flow";
  readonly progress: Progress | null;
  readonly step: string | null;
  readonly priority: number;
  readonly attempt: number;
  readonly attempts: number;
  readonly crashes: number;
  readonly tags: readonly string[];
  readonly counters: { readonly [key: string]: number };
  readonly milestones: readonly string[];
  readonly error: JobError | null;
  readonly flow: {
    readonly queue: string;
    readonly jobId: string;
    readonly node: string;
    readonly parent: string | null;
  } | null;
  /** ISO 8601, UTC */
  readonly createdAt: string;
  /** ISO 8601, UTC */
  readonly runAt: string;
  /** ISO 8601, UTC */
  readonly startedAt: string | null;
  /** ISO 8601, UTC */
  readonly finishedAt: string | null;
  /** The worker that runs it, or ran it last */
  readonly worker: string | null;
  /** What of it cannot be decoded */
  readonly problem: string | null;
  /** Any JSON */
  readonly input?: unknown;
  /** Any JSON */
  readonly result?: unknown;
  /** Any JSON */
  readonly meta?: unknown;
  readonly links: {
    readonly self: string;
    readonly result: string;
    readonly steps: string;
    readonly logs: string;
    readonly attempts: string;
    readonly dependencies: string;
    readonly events: string;
  };
}

/** What is wrong (RFC 9457). `code` is stable. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly field?: string;
  readonly valueType?: string;
  readonly rule?: string;
}

export interface Progress {
  readonly percent: number;
  readonly done: number;
  readonly total: number | null;
  readonly step: string | null;
  readonly status: string | null;
  readonly message: string | null;
  readonly items: {
    readonly done: number;
    readonly failed: number;
    readonly total: number;
  } | null;
}

export type PutSchedule = Schedule & {
  readonly outcome: "created" | "changed" | "unchanged";
};

export interface Queue {
  readonly queue: string;
  readonly paused: boolean;
  /** Since when; null while it is not, or when that is not known */
  readonly pausedAt: string | null;
  readonly counts: StateCounts;
  /** The job at the head of the line, and for how long it has been ready */
  readonly oldestWaiting: {
    readonly jobId: string;
    /** ISO 8601, UTC */
    readonly readyAt: string;
    /** Milliseconds */
    readonly age: number;
  } | null;
  readonly rates: {
    /** A minute, on the average of the last five */
    readonly ended: number;
    /** A minute, on the average of the last five */
    readonly failed: number;
    /** A minute, on the average of the last five */
    readonly retried: number;
  };
  /** Workers that take its jobs and are not lost */
  readonly workers: number;
  readonly links: {
    readonly self: string;
    readonly jobs: string;
  };
}

/** Figures are null when too little was measured */
export interface QueueCapacity {
  readonly queue: string;
  readonly workers: number;
  readonly slots: number;
  /** Other queues that the same slots serve */
  readonly sharedWith: readonly string[];
  /** How many runs were measured */
  readonly runs: number;
  /** ISO 8601, UTC */
  readonly since: string | null;
  /** Runs a minute */
  readonly arrivals: {
    readonly mean: number;
    readonly peak: number;
  } | null;
  /** Milliseconds */
  readonly runTime: number | null;
  readonly spread: number | null;
  /** How many slots are busy, on the average */
  readonly load: number | null;
  /** 1 or more: there are too few slots */
  readonly utilisation: number | null;
  /** Milliseconds with the present slots; null without end */
  readonly wait: {
    readonly mean: number | null;
    readonly p95: number | null;
  } | null;
  readonly peakWait: {
    readonly mean: number | null;
    readonly p95: number | null;
  } | null;
  readonly slotsNeeded: number | null;
  readonly workersNeeded: number | null;
  /** The same in a sentence */
  readonly text: string;
}

export interface QueuePaused {
  readonly queue: string;
  readonly paused: boolean;
}

export interface Schedule {
  readonly name: string;
  readonly queue: string;
  readonly task: string;
  /** Any JSON */
  readonly input?: unknown;
  /** The options of its jobs as they are stored: durations in milliseconds */
  readonly options: { readonly [key: string]: unknown } | null;
  readonly times:
    | {
        readonly cron: string;
        readonly timeZone: string;
      }
    | {
        /** Milliseconds */
        readonly every: number;
        /** ISO 8601, UTC */
        readonly anchor: string;
      }
    | null;
  readonly catchUp: "skip" | "one" | "all";
  readonly overlap: "allow" | "skip" | "supersede";
  /** Milliseconds */
  readonly jitter: number;
  /** ISO 8601, UTC */
  readonly start: string | null;
  /** ISO 8601, UTC */
  readonly end: string | null;
  readonly paused: boolean;
  /** The next five times; none while it is paused */
  readonly next: readonly string[];
  /** All times up to here are settled */
  readonly lastDue: string;
  readonly lastJob: string | null;
  /** ISO 8601, UTC */
  readonly createdAt: string;
  /** Why it cannot be read */
  readonly problem: string | null;
  readonly links: {
    readonly self: string;
    readonly jobs: string;
    readonly lastJob: string | null;
  };
}

export interface SeriesPoint {
  /** When the step begins */
  readonly at: string;
  readonly queue: string | null;
  readonly task: string | null;
  readonly outcome:
    | "completed"
    | "partial"
    | "failed"
    | "cancelled"
    | "expired"
    | "superseded"
    | "retried"
    | "lost"
    | null;
  readonly count: number;
  readonly wait: Durations;
  readonly run: Durations;
  /** How many jobs were queued, on the average */
  readonly depth: number | null;
  /** For how long one had been ready at most, in milliseconds */
  readonly oldest: number | null;
  /** How many were leased, on the average */
  readonly active: number | null;
  /** How many slots of workers were busy, on the average */
  readonly busy: number | null;
}

export interface SeriesTotal {
  readonly queue: string;
  readonly task: string;
  readonly outcome: "completed" | "partial" | "failed" | "cancelled" | "expired" | "superseded" | "retried" | "lost";
  readonly count: number;
  readonly wait: Durations;
  readonly run: Durations;
}

export interface Session {
  /** The name of the token, or what the application calls who asks */
  readonly subject: string;
  /** Only jobs with this tag are within reach; null: all are */
  readonly tag: string | null;
  /** The kinds of rights; enqueue may be for some queues alone */
  readonly scopes: readonly ("read" | "read:payload" | "enqueue" | "operate" | "admin")[];
  /** When the session ends; null without one */
  readonly expiresAt: string | null;
}

export interface StateCounts {
  readonly blocked: number;
  readonly delayed: number;
  readonly queued: number;
  readonly active: number;
  readonly completed: number;
  readonly partial: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly superseded: number;
  readonly expired: number;
}

export interface Step {
  readonly name: string;
  readonly key: string | null;
  /** Any JSON */
  readonly value?: unknown;
  /** ISO 8601, UTC */
  readonly at: string;
  /** Milliseconds */
  readonly took: number;
  readonly counters: { readonly [key: string]: number };
}

export interface Tag {
  readonly tag: string;
  readonly total: number;
  /** Ended well: completed and partial */
  readonly completed: number;
  /** Ended otherwise */
  readonly failed: number;
  /** Not ended */
  readonly inProgress: number;
  readonly states: StateCounts;
  readonly links: {
    readonly jobs: string;
  };
}

export interface Task {
  readonly task: string;
  /** What people call it */
  readonly label: string | null;
  /** A template for where results of its jobs are shown */
  readonly resultUrl: string | null;
  /** Does this server know it, and so check inputs against its schema? */
  readonly checked: boolean;
  /** Workers that have its code and are not lost */
  readonly workers: number;
  /** The queues of these workers */
  readonly queues: readonly string[];
  /** The versions that these workers say */
  readonly versions: readonly string[];
}

export interface Worker {
  readonly session: string;
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  readonly queues: readonly string[];
  readonly tasks: readonly {
    readonly task: string;
    readonly version: string | null;
    readonly label: string | null;
  }[];
  readonly appVersion: string | null;
  readonly environment: string | null;
  readonly longshore: string;
  readonly node: string;
  readonly concurrency: number;
  /** How many jobs it runs or has leased ahead */
  readonly running: number;
  readonly liveness: "alive" | "silent" | "lost";
  /** ISO 8601, UTC */
  readonly startedAt: string;
  /** ISO 8601, UTC */
  readonly seenAt: string;
  /** ISO 8601, UTC */
  readonly leaseEndsAt: string;
  /** As it said last */
  readonly status: WorkerStatus | null;
  /** The latest command to it */
  readonly command: {
    readonly command: "quiet" | "resume" | "stop";
    /** ISO 8601, UTC */
    readonly at: string;
    /** ISO 8601, UTC */
    readonly acknowledgedAt: string | null;
  } | null;
}

export interface WorkerCommanded {
  readonly command: "quiet" | "resume" | "stop";
  /** Who was commanded */
  readonly sessions: readonly string[];
}

export interface WorkerStatus {
  /** ISO 8601, UTC */
  readonly at: string;
  /** Bytes of memory of its process */
  readonly rss: number;
  readonly heap: number;
  /** Of one core; 1 is all of it */
  readonly cpu: number | null;
  /** For how long its event loop was held up at most, in milliseconds */
  readonly loopDelay: number;
  readonly busy: number;
  /** What it runs: the ten that began first */
  readonly slots: readonly {
    readonly queue: string;
    readonly jobId: string;
    readonly task: string;
    /** ISO 8601, UTC */
    readonly since: string;
  }[];
  /** Why it leases nothing */
  readonly suspended: readonly ("quiet" | "stopping" | "maxJobs" | "maxRss" | "outage")[];
}

/** Every operation: its parameters, body and answer. */
export interface Operations {
  /** Sign a browser in with a token */
  "POST /api/session": {
    params: undefined;
    query: undefined;
    body: {
      readonly token: string;
    };
    answer: Session;
  };
  /** Who asks, and what they may */
  "GET /api/session": {
    params: undefined;
    query: undefined;
    body: undefined;
    answer: Session;
  };
  /** Sign out */
  "DELETE /api/session": {
    params: undefined;
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** How many jobs match */
  "GET /api/jobs/count": {
    params: undefined;
    query: {
      readonly queue?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly queues?: string | readonly string[] | undefined;
      /** One, or several with commas */
      readonly states?: string | readonly string[] | undefined;
      readonly task?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly tasks?: string | readonly string[] | undefined;
      readonly tag?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly tags?: string | readonly string[] | undefined;
      /** a number, or two with .. between them: 3, 1..5, 2.., ..4 */
      readonly priority?: string | undefined;
      /** a number, or two with .. between them: 3, 1..5, 2.., ..4 */
      readonly attempt?: string | undefined;
      /** ISO 8601, with a zone */
      readonly createdFrom?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly createdBefore?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly startedFrom?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly startedBefore?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly finishedFrom?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly finishedBefore?: string | Date | undefined;
      readonly worker?: string | undefined;
      readonly flow?: string | undefined;
      /** `flow`: flows themselves; `job`: all that are none */
      readonly role?: "job" | "flow" | undefined;
      readonly schedule?: string | undefined;
      readonly fingerprint?: string | undefined;
      readonly errorText?: string | undefined;
      readonly idPrefix?: string | undefined;
      readonly idContains?: string | undefined;
      readonly noWorker?: boolean | undefined;
      readonly "not.queue"?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly "not.queues"?: string | readonly string[] | undefined;
      /** One, or several with commas */
      readonly "not.states"?: string | readonly string[] | undefined;
      readonly "not.task"?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly "not.tasks"?: string | readonly string[] | undefined;
      readonly "not.tag"?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly "not.tags"?: string | readonly string[] | undefined;
      /** a number, or two with .. between them: 3, 1..5, 2.., ..4 */
      readonly "not.priority"?: string | undefined;
      /** a number, or two with .. between them: 3, 1..5, 2.., ..4 */
      readonly "not.attempt"?: string | undefined;
      /** ISO 8601, with a zone */
      readonly "not.createdFrom"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.createdBefore"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.startedFrom"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.startedBefore"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.finishedFrom"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.finishedBefore"?: string | Date | undefined;
      readonly "not.worker"?: string | undefined;
      readonly "not.flow"?: string | undefined;
      /** `flow`: flows themselves; `job`: all that are none */
      readonly "not.role"?: "job" | "flow" | undefined;
      readonly "not.schedule"?: string | undefined;
      readonly "not.fingerprint"?: string | undefined;
      readonly "not.errorText"?: string | undefined;
      readonly "not.idPrefix"?: string | undefined;
      readonly "not.idContains"?: string | undefined;
      readonly "not.noWorker"?: boolean | undefined;
    };
    body: undefined;
    answer: JobCount;
  };
  /** What the jobs that match have in common, of the first 10,000 */
  "GET /api/jobs/facets": {
    params: undefined;
    query: {
      readonly queue?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly queues?: string | readonly string[] | undefined;
      /** One, or several with commas */
      readonly states?: string | readonly string[] | undefined;
      readonly task?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly tasks?: string | readonly string[] | undefined;
      readonly tag?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly tags?: string | readonly string[] | undefined;
      /** a number, or two with .. between them: 3, 1..5, 2.., ..4 */
      readonly priority?: string | undefined;
      /** a number, or two with .. between them: 3, 1..5, 2.., ..4 */
      readonly attempt?: string | undefined;
      /** ISO 8601, with a zone */
      readonly createdFrom?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly createdBefore?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly startedFrom?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly startedBefore?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly finishedFrom?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly finishedBefore?: string | Date | undefined;
      readonly worker?: string | undefined;
      readonly flow?: string | undefined;
      /** `flow`: flows themselves; `job`: all that are none */
      readonly role?: "job" | "flow" | undefined;
      readonly schedule?: string | undefined;
      readonly fingerprint?: string | undefined;
      readonly errorText?: string | undefined;
      readonly idPrefix?: string | undefined;
      readonly idContains?: string | undefined;
      readonly noWorker?: boolean | undefined;
      readonly "not.queue"?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly "not.queues"?: string | readonly string[] | undefined;
      /** One, or several with commas */
      readonly "not.states"?: string | readonly string[] | undefined;
      readonly "not.task"?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly "not.tasks"?: string | readonly string[] | undefined;
      readonly "not.tag"?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly "not.tags"?: string | readonly string[] | undefined;
      /** a number, or two with .. between them: 3, 1..5, 2.., ..4 */
      readonly "not.priority"?: string | undefined;
      /** a number, or two with .. between them: 3, 1..5, 2.., ..4 */
      readonly "not.attempt"?: string | undefined;
      /** ISO 8601, with a zone */
      readonly "not.createdFrom"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.createdBefore"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.startedFrom"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.startedBefore"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.finishedFrom"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.finishedBefore"?: string | Date | undefined;
      readonly "not.worker"?: string | undefined;
      readonly "not.flow"?: string | undefined;
      /** `flow`: flows themselves; `job`: all that are none */
      readonly "not.role"?: "job" | "flow" | undefined;
      readonly "not.schedule"?: string | undefined;
      readonly "not.fingerprint"?: string | undefined;
      readonly "not.errorText"?: string | undefined;
      readonly "not.idPrefix"?: string | undefined;
      readonly "not.idContains"?: string | undefined;
      readonly "not.noWorker"?: boolean | undefined;
    };
    body: undefined;
    answer: JobFacets;
  };
  /** Accept a job, or up to 1,000 */
  "POST /api/jobs": {
    params: undefined;
    query: undefined;
    body: JobRequest | JobRequests;
    answer: AcceptedJob | AcceptedJobs;
  };
  /** Find jobs */
  "GET /api/jobs": {
    params: undefined;
    query: {
      readonly queue?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly queues?: string | readonly string[] | undefined;
      /** One, or several with commas */
      readonly states?: string | readonly string[] | undefined;
      readonly task?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly tasks?: string | readonly string[] | undefined;
      readonly tag?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly tags?: string | readonly string[] | undefined;
      /** a number, or two with .. between them: 3, 1..5, 2.., ..4 */
      readonly priority?: string | undefined;
      /** a number, or two with .. between them: 3, 1..5, 2.., ..4 */
      readonly attempt?: string | undefined;
      /** ISO 8601, with a zone */
      readonly createdFrom?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly createdBefore?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly startedFrom?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly startedBefore?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly finishedFrom?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly finishedBefore?: string | Date | undefined;
      readonly worker?: string | undefined;
      readonly flow?: string | undefined;
      /** `flow`: flows themselves; `job`: all that are none */
      readonly role?: "job" | "flow" | undefined;
      readonly schedule?: string | undefined;
      readonly fingerprint?: string | undefined;
      readonly errorText?: string | undefined;
      readonly idPrefix?: string | undefined;
      readonly idContains?: string | undefined;
      readonly noWorker?: boolean | undefined;
      readonly "not.queue"?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly "not.queues"?: string | readonly string[] | undefined;
      /** One, or several with commas */
      readonly "not.states"?: string | readonly string[] | undefined;
      readonly "not.task"?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly "not.tasks"?: string | readonly string[] | undefined;
      readonly "not.tag"?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly "not.tags"?: string | readonly string[] | undefined;
      /** a number, or two with .. between them: 3, 1..5, 2.., ..4 */
      readonly "not.priority"?: string | undefined;
      /** a number, or two with .. between them: 3, 1..5, 2.., ..4 */
      readonly "not.attempt"?: string | undefined;
      /** ISO 8601, with a zone */
      readonly "not.createdFrom"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.createdBefore"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.startedFrom"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.startedBefore"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.finishedFrom"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.finishedBefore"?: string | Date | undefined;
      readonly "not.worker"?: string | undefined;
      readonly "not.flow"?: string | undefined;
      /** `flow`: flows themselves; `job`: all that are none */
      readonly "not.role"?: "job" | "flow" | undefined;
      readonly "not.schedule"?: string | undefined;
      readonly "not.fingerprint"?: string | undefined;
      readonly "not.errorText"?: string | undefined;
      readonly "not.idPrefix"?: string | undefined;
      readonly "not.idContains"?: string | undefined;
      readonly "not.noWorker"?: boolean | undefined;
      /** From the page before */
      readonly cursor?: string | undefined;
      /** The most entries on the page */
      readonly limit?: number | undefined;
      /** Payloads to read, too: input, result, meta */
      readonly fields?: string | undefined;
      readonly order?: "newest" | "oldest" | undefined;
    };
    body: undefined;
    answer: {
      readonly jobs: readonly JobSummary[];
      /** For the next page; null at the end. A page may be short before it */
      readonly cursor: string | null;
    };
  };
  /** A job */
  "GET /api/jobs/{id}": {
    params: {
      readonly id: string;
    };
    query: {
      /** Chooses among queues that have jobs with the same id */
      readonly queue?: string | undefined;
    };
    body: undefined;
    answer: Job;
  };
  /** Change it while it waits */
  "PATCH /api/jobs/{id}": {
    params: {
      readonly id: string;
    };
    query: {
      /** Chooses among queues that have jobs with the same id */
      readonly queue?: string | undefined;
    };
    body: JobChange;
    answer: JobStateAnswer;
  };
  /** Remove it with all that was stored about it */
  "DELETE /api/jobs/{id}": {
    params: {
      readonly id: string;
    };
    query: {
      /** Chooses among queues that have jobs with the same id */
      readonly queue?: string | undefined;
    };
    body: undefined;
    answer: undefined;
  };
  /** Its result; waits for it when asked to */
  "GET /api/jobs/{id}/result": {
    params: {
      readonly id: string;
    };
    query: {
      /** Chooses among queues that have jobs with the same id */
      readonly queue?: string | undefined;
      /** How long to wait for the end, up to 60s */
      readonly wait?: string | undefined;
    };
    body: undefined;
    answer: JobResult;
  };
  /** Its steps that ended well, and its milestones */
  "GET /api/jobs/{id}/steps": {
    params: {
      readonly id: string;
    };
    query: {
      /** Chooses among queues that have jobs with the same id */
      readonly queue?: string | undefined;
    };
    body: undefined;
    answer: {
      readonly steps: readonly Step[];
      readonly milestones: readonly {
        readonly name: string;
        /** Any JSON */
        readonly value?: unknown;
        /** ISO 8601, UTC */
        readonly at: string;
      }[];
    };
  };
  /** Its log */
  "GET /api/jobs/{id}/logs": {
    params: {
      readonly id: string;
    };
    query: {
      /** Chooses among queues that have jobs with the same id */
      readonly queue?: string | undefined;
    };
    body: undefined;
    answer: {
      readonly lines: readonly {
        /** ISO 8601, UTC */
        readonly at: string;
        readonly level: "debug" | "info" | "warn" | "error";
        readonly message: string;
      }[];
      /** How many older lines are gone */
      readonly dropped: number;
      /** Are there no lines because the token may not read payloads? */
      readonly hidden: boolean;
    };
  };
  /** Its runs so far */
  "GET /api/jobs/{id}/attempts": {
    params: {
      readonly id: string;
    };
    query: {
      /** Chooses among queues that have jobs with the same id */
      readonly queue?: string | undefined;
    };
    body: undefined;
    answer: {
      readonly attempts: readonly {
        readonly number: number;
        readonly worker: string;
        /** ISO 8601, UTC */
        readonly startedAt: string;
        /** ISO 8601, UTC */
        readonly endedAt: string | null;
        readonly outcome: string | null;
        readonly error: JobError | null;
        readonly appVersion: string | null;
        readonly environment: string | null;
        readonly version: string | null;
      }[];
    };
  };
  /** What it waits for */
  "GET /api/jobs/{id}/dependencies": {
    params: {
      readonly id: string;
    };
    query: {
      /** Chooses among queues that have jobs with the same id */
      readonly queue?: string | undefined;
    };
    body: undefined;
    answer: {
      readonly dependencies: readonly Dependency[];
    };
  };
  /** Why it does not run, and how long it is likely to take still */
  "GET /api/jobs/{id}/why": {
    params: {
      readonly id: string;
    };
    query: {
      /** Chooses among queues that have jobs with the same id */
      readonly queue?: string | undefined;
    };
    body: undefined;
    answer: {
      readonly reasons: readonly {
        readonly kind: string;
        readonly text: string;
        readonly data?: unknown;
      }[];
      readonly remaining: {
        readonly ms: number;
        readonly from: number;
        readonly to: number;
        readonly runs: number;
      } | null;
    };
  };
  /** End it; if it runs, its signal aborts within a second */
  "POST /api/jobs/{id}/cancel": {
    params: {
      readonly id: string;
    };
    query: {
      /** Chooses among queues that have jobs with the same id */
      readonly queue?: string | undefined;
    };
    body: undefined;
    answer: JobStateAnswer;
  };
  /** Make a delayed job ready now */
  "POST /api/jobs/{id}/promote": {
    params: {
      readonly id: string;
    };
    query: {
      /** Chooses among queues that have jobs with the same id */
      readonly queue?: string | undefined;
    };
    body: undefined;
    answer: JobStateAnswer;
  };
  /** Release a job that was created with hold */
  "POST /api/jobs/{id}/release": {
    params: {
      readonly id: string;
    };
    query: {
      /** Chooses among queues that have jobs with the same id */
      readonly queue?: string | undefined;
    };
    body: undefined;
    answer: JobStateAnswer;
  };
  /** Queue it again, with all its attempts before it */
  "POST /api/jobs/{id}/retry": {
    params: {
      readonly id: string;
    };
    query: {
      /** Chooses among queues that have jobs with the same id */
      readonly queue?: string | undefined;
    };
    body:
      | {
          readonly fromStart?: boolean | undefined;
          /** Any JSON */
          readonly input?: unknown;
        }
      | undefined;
    answer: JobStateAnswer;
  };
  /** What happens to jobs, flows, queues and tags, as it happens */
  "GET /api/events": {
    params: undefined;
    query: {
      /** 1 to 50 of job:ID, job:QUEUE/ID, flow:ID, queue:NAME, tag:TAG, overview, failures; with commas, or repeated */
      readonly topics: string | readonly string[];
    };
    body: undefined;
    answer: unknown;
  };
  /** What happens to a job, or to a flow with all its jobs, as it happens */
  "GET /api/jobs/{id}/events": {
    params: {
      readonly id: string;
    };
    query: {
      /** Chooses among queues that have jobs with the same id */
      readonly queue?: string | undefined;
    };
    body: undefined;
    answer: unknown;
  };
  /** Cancel, retry, promote, release or remove all jobs that match */
  "POST /api/bulk": {
    params: undefined;
    query: undefined;
    body: BulkRequest;
    answer: BulkPreview | AcceptedBulk;
  };
  /** Bulk jobs of the last seven days */
  "GET /api/bulk": {
    params: undefined;
    query: {
      /** From the page before */
      readonly cursor?: string | undefined;
      /** The most entries on the page */
      readonly limit?: number | undefined;
    };
    body: undefined;
    answer: {
      readonly bulk: readonly BulkJob[];
      /** For the next page; null at the end */
      readonly cursor: string | null;
    };
  };
  /** How far a bulk job is, and what came of it */
  "GET /api/bulk/{id}": {
    params: {
      readonly id: string;
    };
    query: undefined;
    body: undefined;
    answer: BulkJob;
  };
  /** End it; what it has done stays done */
  "POST /api/bulk/{id}/cancel": {
    params: {
      readonly id: string;
    };
    query: undefined;
    body: undefined;
    answer: {
      readonly jobId: string;
      readonly state: JobState;
    };
  };
  /** The queues, by name */
  "GET /api/queues": {
    params: undefined;
    query: {
      /** From the page before */
      readonly cursor?: string | undefined;
      /** The most entries on the page */
      readonly limit?: number | undefined;
      /** With those of the platform, whose names begin with longshore: */
      readonly system?: boolean | undefined;
    };
    body: undefined;
    answer: {
      readonly queues: readonly Queue[];
      /** For the next page; null at the end */
      readonly cursor: string | null;
    };
  };
  /** A queue */
  "GET /api/queues/{queue}": {
    params: {
      readonly queue: string;
    };
    query: undefined;
    body: undefined;
    answer: Queue;
  };
  /** A job by queue and id */
  "GET /api/queues/{queue}/jobs/{id}": {
    params: {
      readonly queue: string;
      readonly id: string;
    };
    query: undefined;
    body: undefined;
    answer: Job;
  };
  /** Stop starting its jobs; those that run go on */
  "POST /api/queues/{queue}/pause": {
    params: {
      readonly queue: string;
    };
    query: undefined;
    body: undefined;
    answer: QueuePaused;
  };
  /** End a pause */
  "POST /api/queues/{queue}/resume": {
    params: {
      readonly queue: string;
    };
    query: undefined;
    body: undefined;
    answer: QueuePaused;
  };
  /** Remove the jobs that wait */
  "DELETE /api/queues/{queue}/jobs": {
    params: {
      readonly queue: string;
    };
    query: {
      /** Also those that wait for their time */
      readonly delayed?: boolean | undefined;
    };
    body: undefined;
    answer: {
      readonly queue: string;
      readonly removed: number;
      /** Those that began to run meanwhile */
      readonly skipped: number;
      readonly more: boolean;
    };
  };
  /** Remove the queue with all its jobs and records */
  "POST /api/queues/{queue}/obliterate": {
    params: {
      readonly queue: string;
    };
    query: undefined;
    body: {
      /** The name of the queue, again */
      readonly confirm: string;
      /** Also while jobs run */
      readonly force?: boolean | undefined;
    };
    answer: undefined;
  };
  /** The workers of all processes, by name */
  "GET /api/workers": {
    params: undefined;
    query: {
      /** From the page before */
      readonly cursor?: string | undefined;
      /** The most entries on the page */
      readonly limit?: number | undefined;
    };
    body: undefined;
    answer: {
      readonly workers: readonly Worker[];
      /** For the next page; null at the end */
      readonly cursor: string | null;
    };
  };
  /** The workers of a name, or a session */
  "GET /api/workers/{worker}": {
    params: {
      /** The name of a worker, or a session */
      readonly worker: string;
    };
    query: undefined;
    body: undefined;
    answer: {
      readonly workers: readonly Worker[];
    };
  };
  /** Let it take no more jobs; those that run go on */
  "POST /api/workers/{worker}/quiet": {
    params: {
      /** The name of a worker, or a session */
      readonly worker: string;
    };
    query: undefined;
    body: undefined;
    answer: WorkerCommanded;
  };
  /** Let it take jobs again */
  "POST /api/workers/{worker}/resume": {
    params: {
      /** The name of a worker, or a session */
      readonly worker: string;
    };
    query: undefined;
    body: undefined;
    answer: WorkerCommanded;
  };
  /** Stop it once the jobs that run have ended */
  "POST /api/workers/{worker}/stop": {
    params: {
      /** The name of a worker, or a session */
      readonly worker: string;
    };
    query: undefined;
    body: undefined;
    answer: WorkerCommanded;
  };
  /** Find flows */
  "GET /api/flows": {
    params: undefined;
    query: {
      readonly queue?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly queues?: string | readonly string[] | undefined;
      /** One, or several with commas */
      readonly states?: string | readonly string[] | undefined;
      readonly task?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly tasks?: string | readonly string[] | undefined;
      readonly tag?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly tags?: string | readonly string[] | undefined;
      /** a number, or two with .. between them: 3, 1..5, 2.., ..4 */
      readonly priority?: string | undefined;
      /** a number, or two with .. between them: 3, 1..5, 2.., ..4 */
      readonly attempt?: string | undefined;
      /** ISO 8601, with a zone */
      readonly createdFrom?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly createdBefore?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly startedFrom?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly startedBefore?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly finishedFrom?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly finishedBefore?: string | Date | undefined;
      readonly worker?: string | undefined;
      readonly flow?: string | undefined;
      readonly schedule?: string | undefined;
      readonly fingerprint?: string | undefined;
      readonly errorText?: string | undefined;
      readonly idPrefix?: string | undefined;
      readonly idContains?: string | undefined;
      readonly noWorker?: boolean | undefined;
      readonly "not.queue"?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly "not.queues"?: string | readonly string[] | undefined;
      /** One, or several with commas */
      readonly "not.states"?: string | readonly string[] | undefined;
      readonly "not.task"?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly "not.tasks"?: string | readonly string[] | undefined;
      readonly "not.tag"?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly "not.tags"?: string | readonly string[] | undefined;
      /** a number, or two with .. between them: 3, 1..5, 2.., ..4 */
      readonly "not.priority"?: string | undefined;
      /** a number, or two with .. between them: 3, 1..5, 2.., ..4 */
      readonly "not.attempt"?: string | undefined;
      /** ISO 8601, with a zone */
      readonly "not.createdFrom"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.createdBefore"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.startedFrom"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.startedBefore"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.finishedFrom"?: string | Date | undefined;
      /** ISO 8601, with a zone */
      readonly "not.finishedBefore"?: string | Date | undefined;
      readonly "not.worker"?: string | undefined;
      readonly "not.flow"?: string | undefined;
      readonly "not.schedule"?: string | undefined;
      readonly "not.fingerprint"?: string | undefined;
      readonly "not.errorText"?: string | undefined;
      readonly "not.idPrefix"?: string | undefined;
      readonly "not.idContains"?: string | undefined;
      readonly "not.noWorker"?: boolean | undefined;
      /** From the page before */
      readonly cursor?: string | undefined;
      /** The most entries on the page */
      readonly limit?: number | undefined;
      readonly order?: "newest" | "oldest" | undefined;
    };
    body: undefined;
    answer: {
      readonly flows: readonly JobSummary[];
      /** For the next page; null at the end */
      readonly cursor: string | null;
    };
  };
  /** A flow with its jobs as a tree */
  "GET /api/flows/{id}": {
    params: {
      readonly id: string;
    };
    query: {
      /** Chooses among queues that have jobs with the same id */
      readonly queue?: string | undefined;
    };
    body: undefined;
    answer: Flow;
  };
  /** The jobs of a flow and what each of them waits for */
  "GET /api/flows/{id}/graph": {
    params: {
      readonly id: string;
    };
    query: {
      /** Chooses among queues that have jobs with the same id */
      readonly queue?: string | undefined;
    };
    body: undefined;
    answer: FlowGraph;
  };
  /** The schedules, by queue and name */
  "GET /api/schedules": {
    params: undefined;
    query: {
      readonly queue?: string | undefined;
      /** From the page before */
      readonly cursor?: string | undefined;
      /** The most entries on the page */
      readonly limit?: number | undefined;
    };
    body: undefined;
    answer: {
      readonly schedules: readonly Schedule[];
      /** For the next page; null at the end */
      readonly cursor: string | null;
    };
  };
  /** A schedule */
  "GET /api/schedules/{name}": {
    params: {
      readonly name: string;
    };
    query: undefined;
    body: undefined;
    answer: Schedule;
  };
  /** Create a schedule, or change the one of this name */
  "PUT /api/schedules/{name}": {
    params: {
      readonly name: string;
    };
    query: undefined;
    body: GivenSchedule;
    answer: PutSchedule;
  };
  /** Remove it; its jobs stay */
  "DELETE /api/schedules/{name}": {
    params: {
      readonly name: string;
    };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Enqueue a job of it now; its times stay as they are */
  "POST /api/schedules/{name}/run": {
    params: {
      readonly name: string;
    };
    query: undefined;
    body: undefined;
    answer: AcceptedJob;
  };
  /** When it is due next, also while it is paused */
  "GET /api/schedules/{name}/times": {
    params: {
      readonly name: string;
    };
    query: {
      readonly count?: number | undefined;
      /** Default: after its last time */
      readonly after?: string | Date | undefined;
    };
    body: undefined;
    answer: {
      readonly times: readonly string[];
    };
  };
  /** Stop it from firing, until it is resumed */
  "POST /api/schedules/{name}/pause": {
    params: {
      readonly name: string;
    };
    query: undefined;
    body: undefined;
    answer: {
      readonly name: string;
      readonly paused: boolean;
    };
  };
  /** Let it fire again; what was due meanwhile is not made up for */
  "POST /api/schedules/{name}/resume": {
    params: {
      readonly name: string;
    };
    query: undefined;
    body: undefined;
    answer: {
      readonly name: string;
      readonly paused: boolean;
    };
  };
  /** Failed runs by what caused them, those seen last first */
  "GET /api/failures": {
    params: undefined;
    query: {
      /** several with commas between them, or the parameter several times */
      readonly queues?: string | readonly string[] | undefined;
      /** several with commas between them, or the parameter several times */
      readonly states?: string | readonly string[] | undefined;
      /** several with commas between them, or the parameter several times */
      readonly tasks?: string | readonly string[] | undefined;
      /** From the page before */
      readonly cursor?: string | undefined;
      /** The most entries on the page */
      readonly limit?: number | undefined;
    };
    body: undefined;
    answer: {
      readonly failures: readonly FailureGroup[];
      /** For the next page; null at the end */
      readonly cursor: string | null;
      /** false: there are more than are read */
      readonly exact: boolean;
      /** How many groups queues have dropped, as each keeps 1,000 */
      readonly dropped: number;
    };
  };
  /** A failure group */
  "GET /api/failures/{fingerprint}": {
    params: {
      readonly fingerprint: string;
    };
    query: undefined;
    body: undefined;
    answer: FailureGroup;
  };
  /** Resolve it, and queue all of its failed jobs again */
  "POST /api/failures/{fingerprint}/retry": {
    params: {
      readonly fingerprint: string;
    };
    query: undefined;
    body:
      | {
          readonly fromStart?: boolean | undefined;
        }
      | undefined;
    answer: AcceptedBulk;
  };
  /** Remove all of its failed jobs with all that is stored about them */
  "POST /api/failures/{fingerprint}/discard": {
    params: {
      readonly fingerprint: string;
    };
    query: undefined;
    body: undefined;
    answer: AcceptedBulk;
  };
  /** Say that it is known */
  "POST /api/failures/{fingerprint}/acknowledge": {
    params: {
      readonly fingerprint: string;
    };
    query: undefined;
    body: undefined;
    answer: FailureGroup;
  };
  /** Say that it is over: it regresses when a run fails that begins later */
  "POST /api/failures/{fingerprint}/resolve": {
    params: {
      readonly fingerprint: string;
    };
    query: undefined;
    body: undefined;
    answer: FailureGroup;
  };
  /** Open it again */
  "POST /api/failures/{fingerprint}/reopen": {
    params: {
      readonly fingerprint: string;
    };
    query: undefined;
    body: undefined;
    answer: FailureGroup;
  };
  /** How many jobs with a tag there are */
  "GET /api/tags/{tag}": {
    params: {
      readonly tag: string;
    };
    query: undefined;
    body: undefined;
    answer: Tag;
  };
  /** How jobs ended over time, and how full their queues were */
  "GET /api/series": {
    params: undefined;
    query: {
      /** several with commas between them, or the parameter several times */
      readonly queues?: string | readonly string[] | undefined;
      /** several with commas between them, or the parameter several times */
      readonly tasks?: string | readonly string[] | undefined;
      /** several with commas between them, or the parameter several times */
      readonly outcomes?: string | readonly string[] | undefined;
      /** Default: an hour before `to` */
      readonly from?: string | Date | undefined;
      /** Default: now */
      readonly to?: string | Date | undefined;
      /** Minutes or hours; default: as fits */
      readonly step?: string | undefined;
      /** queue, task, outcome */
      readonly by?: string | readonly string[] | undefined;
    };
    body: undefined;
    answer: {
      readonly points: readonly SeriesPoint[];
    };
  };
  /** How jobs have ended altogether, by queue, task and outcome */
  "GET /api/totals": {
    params: undefined;
    query: {
      /** several with commas between them, or the parameter several times */
      readonly queues?: string | readonly string[] | undefined;
      /** several with commas between them, or the parameter several times */
      readonly tasks?: string | readonly string[] | undefined;
      /** several with commas between them, or the parameter several times */
      readonly outcomes?: string | readonly string[] | undefined;
      /** From the page before */
      readonly cursor?: string | undefined;
      /** The most entries on the page */
      readonly limit?: number | undefined;
    };
    body: undefined;
    answer: {
      readonly totals: readonly SeriesTotal[];
      /** For the next page; null at the end */
      readonly cursor: string | null;
    };
  };
  /** Which engine and version answers */
  "GET /api/info": {
    params: undefined;
    query: undefined;
    body: undefined;
    answer: Info;
  };
  /** The tasks that workers or this server know, or that were described, by name */
  "GET /api/tasks": {
    params: undefined;
    query: {
      /** From the page before */
      readonly cursor?: string | undefined;
      /** The most entries on the page */
      readonly limit?: number | undefined;
    };
    body: undefined;
    answer: {
      readonly tasks: readonly Task[];
      /** For the next page; null at the end */
      readonly cursor: string | null;
    };
  };
  /** What needs attention, the worst first */
  "GET /api/insights": {
    params: undefined;
    query: undefined;
    body: undefined;
    answer: {
      readonly insights: readonly Insight[];
    };
  };
  /** How many slots and workers queues need for their jobs to wait no longer than they may */
  "GET /api/capacity": {
    params: undefined;
    query: {
      /** Default: the 200 with the most jobs */
      readonly queues?: string | readonly string[] | undefined;
      /** Default: 30s */
      readonly targetWait?: string | undefined;
      /** How far back is looked, 15m to 24h; default: 1h */
      readonly window?: string | undefined;
    };
    body: undefined;
    answer: {
      /** ISO 8601, UTC */
      readonly at: string;
      /** Milliseconds */
      readonly window: number;
      /** Milliseconds */
      readonly targetWait: number;
      readonly queues: readonly QueueCapacity[];
    };
  };
  /** Who did what, the newest first */
  "GET /api/audit": {
    params: undefined;
    query: {
      /** From the page before */
      readonly cursor?: string | undefined;
      /** The most entries on the page */
      readonly limit?: number | undefined;
      /** Commands, or jobs created */
      readonly log?: "commands" | "jobs" | undefined;
    };
    body: undefined;
    answer: {
      readonly entries: readonly AuditEntry[];
      readonly cursor: string | null;
    };
  };
  /** This document */
  "GET /api/openapi.json": {
    params: undefined;
    query: undefined;
    body: undefined;
    answer: {
      readonly openapi: string;
    };
  };
}
