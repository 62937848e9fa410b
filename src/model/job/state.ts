/**
 * The states of a job and every transition between them, as data. This table is the truth: the memory engine asserts
 * it, the other engines are compared with the memory engine, and the docs are generated from it.
 */

/** Every state a job can be in. The first four are waiting or running; the rest are terminal. */
export const STATES = [
  "blocked",
  "delayed",
  "queued",
  "active",
  "completed",
  "partial",
  "failed",
  "cancelled",
  "superseded",
  "expired",
] as const;

/** The state of a job. */
export type JobState = (typeof STATES)[number];

/** The states a job ends in. Only a command (retry) or a newer run (supersede) takes it out again. */
export const TERMINAL_STATES = ["completed", "partial", "failed", "cancelled", "superseded", "expired"] as const;

/** A state a job ends in. */
export type TerminalState = (typeof TERMINAL_STATES)[number];

/** The states of a job that has not been leased: it can still be changed, promoted or expire. */
export const WAITING_STATES = ["blocked", "delayed", "queued"] as const;

/** The causes of transitions. */
export type Cause =
  | "enqueue"
  | "release" // a held job is released
  | "promote" // its time came, or a command made it ready now
  | "postpone" // its delay was changed while it waited
  | "lease"
  | "complete"
  | "partial"
  | "fail"
  | "backoff" // failed, will be tried again
  | "snooze"
  | "return" // handed back uncounted, as on shutdown
  | "recover" // its worker died
  | "cancel"
  | "expire"
  | "dependency" // a dependency did not succeed, and the policy says to end
  | "flow-end" // a flow whose members have all ended
  | "wait" // its run waits for jobs it spawned
  | "supersede"
  | "retry"; // by command

/** One row of the transition table. `from: null` is a job that does not exist yet. */
export interface Transition {
  readonly from: JobState | null;
  readonly to: JobState;
  readonly cause: Cause;
}

const rows = (from: readonly (JobState | null)[], to: JobState, cause: Cause): Transition[] =>
  from.map((state) => ({ from: state, to, cause }));

/** Every transition there is. */
export const TRANSITIONS: readonly Transition[] = [
  ...rows([null], "blocked", "enqueue"),
  ...rows([null], "delayed", "enqueue"),
  ...rows([null], "queued", "enqueue"),
  ...rows(["blocked"], "queued", "release"),
  ...rows(["blocked"], "delayed", "release"),
  ...rows(["delayed"], "queued", "promote"),
  ...rows(["queued", "delayed"], "delayed", "postpone"),
  ...rows(["delayed"], "queued", "postpone"),
  ...rows(["queued"], "active", "lease"),
  ...rows(["active"], "completed", "complete"),
  ...rows(["active"], "partial", "partial"),
  ...rows(["active"], "failed", "fail"),
  ...rows(["active"], "delayed", "backoff"),
  ...rows(["active"], "queued", "backoff"),
  ...rows(["active"], "delayed", "snooze"),
  ...rows(["active"], "queued", "snooze"),
  ...rows(["active"], "queued", "return"),
  ...rows(["active"], "queued", "recover"),
  ...rows(["active"], "failed", "recover"),
  ...rows(["active"], "blocked", "wait"),
  ...rows(["active"], "queued", "wait"),
  ...rows(["blocked"], "failed", "dependency"),
  ...rows(["blocked"], "cancelled", "dependency"),
  ...rows(["blocked"], "completed", "flow-end"),
  ...rows(["blocked"], "partial", "flow-end"),
  ...rows(["blocked"], "failed", "flow-end"),
  ...rows(["blocked", "delayed", "queued", "active"], "cancelled", "cancel"),
  ...rows(["blocked", "delayed", "queued"], "expired", "expire"),
  ...rows(["blocked", "delayed", "queued", "active", "completed", "partial", "failed"], "superseded", "supersede"),
  ...rows(["completed", "partial", "failed", "cancelled", "expired"], "queued", "retry"),
  ...rows(["completed", "partial", "failed", "cancelled", "expired"], "blocked", "retry"),
];

const allowed = new Set(TRANSITIONS.map(({ from, to, cause }) => `${from ?? ""}>${to}>${cause}`));

/** May a job go from `from` to `to` because of `cause`? */
export function canMove(from: JobState | null, to: JobState, cause: Cause): boolean {
  return allowed.has(`${from ?? ""}>${to}>${cause}`);
}

const terminal = new Set<JobState>(TERMINAL_STATES);

/** Has a job in this state ended? */
export function isTerminal(state: JobState): state is TerminalState {
  return terminal.has(state);
}

const waiting = new Set<JobState>(WAITING_STATES);

/** Has a job in this state never been leased, or is it waiting to be leased again? */
export function isWaiting(state: JobState): boolean {
  return waiting.has(state);
}

const known = new Set<string>(STATES);

/** Is this the name of a state? */
export function isState(value: unknown): value is JobState {
  return typeof value === "string" && known.has(value);
}

/** The states a command may start from: `sources("cancel")` → blocked, delayed, queued, active. */
export function sources(cause: Cause): JobState[] {
  return STATES.filter((state) => TRANSITIONS.some((row) => row.cause === cause && row.from === state));
}

/** A value for every state. */
export function perState<T>(make: (state: JobState) => T): Record<JobState, T> {
  return {
    blocked: make("blocked"),
    delayed: make("delayed"),
    queued: make("queued"),
    active: make("active"),
    completed: make("completed"),
    partial: make("partial"),
    failed: make("failed"),
    cancelled: make("cancelled"),
    superseded: make("superseded"),
    expired: make("expired"),
  };
}
