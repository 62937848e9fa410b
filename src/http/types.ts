/**
 * What the API takes and answers. Made from the OpenAPI document by `npm run api`, and compared with it by `npm run check:api`: what
 * is to be changed here is changed in the routes.
 */

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

/** `state` is how it ended: null while it is waited for */
export interface Dependency {
  readonly queue: string;
  readonly jobId: string;
  readonly ifFailed: string;
  readonly state: string | null;
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
  readonly after?:
    | readonly (
        | {
            readonly queue: string;
            readonly id: string;
          }
        | {
            readonly job: {
              readonly queue: string;
              readonly id: string;
            };
            readonly ifFailed?: "fail" | "cancel" | "continue" | undefined;
          }
      )[]
    | undefined;
  readonly ifFailed?: "fail" | "cancel" | "continue" | undefined;
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

export interface JobError {
  readonly name: string;
  readonly message: string;
  readonly code: string | null;
  readonly fingerprint: string;
  readonly stack: string | null;
  /** The same of its cause, or null */
  readonly cause?: unknown;
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

/** Every operation: its parameters, body and answer. */
export interface Operations {
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
      readonly queues?: string | undefined;
      /** One, or several with commas */
      readonly states?: string | undefined;
      readonly task?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly tasks?: string | undefined;
      readonly tag?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly tags?: string | undefined;
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
      readonly "not.queues"?: string | undefined;
      /** One, or several with commas */
      readonly "not.states"?: string | undefined;
      readonly "not.task"?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly "not.tasks"?: string | undefined;
      readonly "not.tag"?: string | undefined;
      /** several with commas between them, or the parameter several times */
      readonly "not.tags"?: string | undefined;
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
        }
      | undefined;
    answer: JobStateAnswer;
  };
  /** What happens to jobs, flows, queues and tags, as it happens */
  "GET /api/events": {
    params: undefined;
    query: {
      /** 1 to 50 of job:ID, job:QUEUE/ID, flow:ID, queue:NAME, tag:TAG, overview, failures; with commas, or repeated */
      readonly topics: string;
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
