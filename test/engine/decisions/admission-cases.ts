// The first state of new jobs, and what another time does to waiting ones: the tables. Times are from now, in milliseconds.
import type { JobSpec } from "../../../src/model/job/job.js";
import type { JobState } from "../../../src/model/job/state.js";

/** A new job. */
export interface AdmissionCase {
  readonly name: string;
  readonly spec: Partial<Pick<JobSpec, "hold" | "role" | "ttl">>;
  /** Does it wait for another one? */
  readonly depends: boolean;
  /** Due in this; `"past"` and `"later"`: at a time before, or a second after now. */
  readonly due: number | "past" | "later";
  readonly state: JobState;
  readonly runIn: number;
}

const at = (due: AdmissionCase["due"], state: JobState, runIn: number): AdmissionCase => {
  return { name: `a plain job, due ${due}`, spec: {}, depends: false, due, state, runIn };
};

export const ADMISSION_CASES: readonly AdmissionCase[] = [
  at(0, "queued", 0),
  at(1, "delayed", 1),
  at("past", "queued", 0),
  at("later", "delayed", 1_000),
  { name: "a held job", spec: { hold: true }, depends: false, due: 0, state: "blocked", runIn: 0 },
  { name: "a held job, due later", spec: { hold: true }, depends: false, due: 500, state: "blocked", runIn: 500 },
  { name: "a job that depends on another", spec: {}, depends: true, due: 0, state: "blocked", runIn: 0 },
  { name: "one that is due later besides", spec: {}, depends: true, due: "later", state: "blocked", runIn: 1_000 },
  {
    name: "a held job that depends on another",
    spec: { hold: true },
    depends: true,
    due: 0,
    state: "blocked",
    runIn: 0,
  },
  { name: "a flow", spec: { role: "flow" }, depends: false, due: 0, state: "blocked", runIn: 0 },
  { name: "a job with a ttl", spec: { ttl: 5_000 }, depends: false, due: 0, state: "queued", runIn: 0 },
];

/** A waiting job gets another time, from one at which it was due in 10 s or at once. */
export interface PostponementCase {
  readonly state: "blocked" | "delayed" | "queued";
  readonly due: AdmissionCase["due"];
  readonly becomes: "delayed" | "queued" | "kept" | "unchanged";
}

export const POSTPONEMENT_CASES: readonly PostponementCase[] = [
  { state: "queued", due: 0, becomes: "unchanged" },
  { state: "queued", due: "past", becomes: "unchanged" },
  { state: "queued", due: "later", becomes: "delayed" },
  { state: "delayed", due: 0, becomes: "queued" },
  { state: "delayed", due: "past", becomes: "queued" },
  { state: "delayed", due: "later", becomes: "delayed" },
  { state: "blocked", due: 0, becomes: "kept" },
  { state: "blocked", due: "past", becomes: "kept" },
  { state: "blocked", due: "later", becomes: "kept" },
];
