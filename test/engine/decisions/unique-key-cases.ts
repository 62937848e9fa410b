// Unique keys: who owns one, and what a second job meets there. The tables.
import { WAITING_STATES, TERMINAL_STATES, type JobState } from "../../../src/model/job/state.js";
import type { Unique } from "../../../src/model/job/unique.js";

/** How long the key of the second case belongs to its job, in milliseconds. */
export const TAKEN_FOR = 5_000;

/** A job with a unique key, and whether it owns that. */
export interface OwnershipCase {
  readonly until: Unique["until"];
  readonly state: JobState;
  /** Has it run? Queued again, after a failure. */
  readonly hasRun: boolean;
  /** How long ago the job took the key, in milliseconds. */
  readonly age: number;
  readonly owns: boolean;
}

const row = (
  until: Unique["until"],
  state: JobState,
  owns: boolean,
  change: Partial<OwnershipCase> = {},
): OwnershipCase => ({
  until,
  state,
  hasRun: !(WAITING_STATES as readonly JobState[]).includes(state),
  age: 0,
  owns,
  ...change,
});

export const OWNERSHIP_CASES: readonly OwnershipCase[] = [
  row("finished", "blocked", true),
  row("finished", "delayed", true),
  row("finished", "queued", true),
  row("finished", "active", true),
  row("finished", "queued", true, { hasRun: true }),
  ...TERMINAL_STATES.map((state) => row("finished", state, false)),
  row("started", "blocked", true),
  row("started", "delayed", true),
  row("started", "queued", true),
  row("started", "active", false),
  row("started", "queued", false, { hasRun: true }),
  ...TERMINAL_STATES.map((state) => row("started", state, false)),
  row(TAKEN_FOR, "blocked", true),
  row(TAKEN_FOR, "queued", true, { age: TAKEN_FOR - 1 }),
  row(TAKEN_FOR, "queued", false, { age: TAKEN_FOR }),
  row(TAKEN_FOR, "active", true),
  ...TERMINAL_STATES.map((state) => row(TAKEN_FOR, state, true)),
  row(TAKEN_FOR, "failed", false, { age: TAKEN_FOR }),
];

/** What a second job meets at the owner of its key. */
export interface ConflictCase {
  readonly onConflict: Unique["onConflict"];
  readonly owner: "blocked" | "delayed" | "queued" | "active" | "completed" | "failed";
  /** The ttl of the owner and of the second job, in milliseconds. The second comes 100 ms after the first. */
  readonly ttls?: readonly [owner: number | null, second: number | null];
  readonly debounce?: Unique["debounce"];
  readonly outcome: "joined" | "rejected" | "replaced";
  /** The owner's new time to expire and to run, from the second job on; absent: as before. */
  readonly expiresIn?: number;
  readonly runsIn?: number;
}

const WAIT = { wait: 1_000, most: null };
const BOUNDED = { wait: 1_000, most: 700 };

export const CONFLICT_CASES: readonly ConflictCase[] = [
  ...(["blocked", "delayed", "queued", "active", "completed", "failed"] as const).flatMap((owner): ConflictCase[] => [
    { onConflict: "join", owner, outcome: "joined" },
    { onConflict: "reject", owner, outcome: "rejected" },
  ]),
  { onConflict: "replace", owner: "blocked", outcome: "replaced" },
  { onConflict: "replace", owner: "delayed", outcome: "replaced" },
  { onConflict: "replace", owner: "queued", outcome: "replaced" },
  { onConflict: "replace", owner: "active", outcome: "joined" },
  { onConflict: "replace", owner: "completed", outcome: "joined" },
  { onConflict: "replace", owner: "failed", outcome: "joined" },
  { onConflict: "replace", owner: "delayed", ttls: [5_000, 8_000], outcome: "replaced", expiresIn: 8_000 },
  { onConflict: "replace", owner: "queued", ttls: [5_000, 2_000], outcome: "replaced", expiresIn: 2_000 },
  { onConflict: "replace", owner: "queued", ttls: [5_000, null], outcome: "replaced" },
  { onConflict: "replace", owner: "queued", ttls: [null, 5_000], outcome: "replaced" },
  { onConflict: "join", owner: "queued", ttls: [5_000, 8_000], outcome: "joined" },
  { onConflict: "replace", owner: "delayed", debounce: WAIT, outcome: "replaced", runsIn: 1_000 },
  { onConflict: "replace", owner: "delayed", debounce: BOUNDED, outcome: "replaced", runsIn: 600 },
  { onConflict: "replace", owner: "blocked", debounce: WAIT, outcome: "replaced", runsIn: 1_000 },
  { onConflict: "replace", owner: "queued", debounce: WAIT, outcome: "replaced" },
  { onConflict: "replace", owner: "active", debounce: WAIT, outcome: "joined" },
  {
    onConflict: "replace",
    owner: "delayed",
    debounce: WAIT,
    ttls: [5_000, 8_000],
    outcome: "replaced",
    runsIn: 1_000,
    expiresIn: 8_000,
  },
];
