/**
 * A profile: another system's names for the states and statuses of jobs, as a pure mapping at the edge. The API, the
 * command line and a dashboard use those names; the core never does. A profile names every state, so it has an answer
 * for every job.
 */
import { InvalidInput } from "../errors/errors.js";
import { parseKey } from "../value/name.js";
import { isState, STATES, type JobState } from "../job/state.js";

/** The definition of a profile. A name is 1 to 100 bytes of text without control characters. */
export interface ProfileOptions<Status extends string, Step extends string> {
  /** A name for every state. Several states may share one. */
  readonly states: Readonly<Record<JobState, Status>>;
  /**
   * Names by milestone: while a job is active, the latest milestone it reached that is listed here names its status, in
   * place of `states.active`.
   */
  readonly milestones?: Readonly<Record<string, Status>>;
  /**
   * Names by step: the name shown for the step in flight. A step that is not listed stays hidden (`null`). Default:
   * every step has its own name.
   */
  readonly steps?: Readonly<Record<string, Step>>;
  /**
   * Names by error code: the status of a failed job whose error has this `code`, in place of `states.failed`. Besides codes
   * of your own there are `"TIMEOUT"`, `"WORKER_LOST"`, and HTTP statuses such as `"503"`.
   */
  readonly errors?: Readonly<Record<string, Status>>;
}

/** The part of a job that a profile looks at. */
export interface ProfiledJob {
  readonly state: JobState;
  readonly progress: { readonly step: string | null; readonly milestones: readonly string[] } | null;
  readonly error: { readonly code: string | null } | null;
}

/** Another system's names for the states and statuses of jobs. Frozen; its functions need no `this`. */
export interface Profile<Status extends string = string, Step extends string = string> {
  /** The name of every state, as it was given. */
  readonly states: Readonly<Record<JobState, Status>>;
  /** Every status there is, once, in the order of the states: for menus and schemas. */
  readonly names: readonly Status[];
  /**
   * The status of a job, and the step it is at: `null` unless it is active and in a step that has a name.
   * @throws InvalidInput when the job's state is none of ours
   */
  readonly status: (job: ProfiledJob) => { readonly status: Status; readonly step: Step | null };
  /**
   * The states in which a job can have this status, for filters of listings. Where the profile has milestones or error
   * codes, jobs in these states may have another status as well: look at each one's `status`.
   * @throws InvalidInput when the profile has no such status; the rule names those it has
   */
  readonly statesOf: (status: string) => readonly JobState[];
}

/**
 * Makes a profile. A state without a name, or a name for something that is no state, does not compile.
 * @throws InvalidInput
 * @example
 * const reviews = profile({
 *   states: {
 *     blocked: "queued", delayed: "queued", queued: "queued", active: "running", completed: "finished", partial: "Partial",
 *     failed: "failed", cancelled: "failed", expired: "failed", superseded: "Superseded",
 *   },
 * });
 * const { status, step } = reviews.status(job); // status: "queued" | "running" | "finished" | …
 * const running = longshore.jobs({ states: reviews.statesOf("running") });
 */
export function profile<Status extends string, Step extends string = string>(
  options: ProfileOptions<Status, Step>,
): Profile<Status, Step> {
  const { states: named, milestones: reached = {}, steps: inner, errors: codes = {} } = fieldsOf(options);
  const states = parseStates<Status>(named);
  const milestones = parseNames<Status>("milestones", reached);
  const errors = parseNames<Status>("errors", codes);
  const steps = inner === undefined ? null : parseNames<Step>("steps", inner);
  const sources = sourcesOf(states, milestones, errors);

  /** The name that a milestone or an error code gives, before that of the state. */
  const special = ({ state, progress, error }: ProfiledJob): Status | undefined => {
    if (state === "active") {
      return progress?.milestones.map((name) => milestones.get(name)).findLast((name) => name !== undefined);
    }
    const code = state === "failed" && error !== null ? error.code : null;
    return code === null ? undefined : errors.get(code);
  };
  const nameOf = (job: ProfiledJob): Status => {
    if (!isState(job.state)) throw new InvalidInput("state", job.state, `one of ${STATES.join(", ")}`);
    return special(job) ?? states[job.state];
  };
  const stepOf = ({ state, progress }: ProfiledJob): Step | null => {
    if (state !== "active" || progress === null || progress.step === null) return null;
    // Without names for steps, Step is string.
    return steps === null ? (progress.step as Step) : (steps.get(progress.step) ?? null);
  };
  return Object.freeze({
    states,
    names: Object.freeze([...sources.keys()]),
    status: (job: ProfiledJob) => ({ status: nameOf(job), step: stepOf(job) }),
    statesOf: (status: string) => {
      const found = (sources as ReadonlyMap<string, readonly JobState[]>).get(status);
      if (found === undefined) throw new InvalidInput("status", status, `one of ${[...sources.keys()].join(", ")}`);
      return found;
    },
  });
}

/** Every status, with the states in which a job can have it. */
function sourcesOf<Status extends string>(
  states: Readonly<Record<JobState, Status>>,
  milestones: ReadonlyMap<string, Status>,
  errors: ReadonlyMap<string, Status>,
): ReadonlyMap<Status, readonly JobState[]> {
  const sources = new Map<Status, Set<JobState>>();
  const note = (status: Status, state: JobState): void => {
    sources.set(status, (sources.get(status) ?? new Set()).add(state));
  };
  for (const state of STATES) {
    note(states[state], state);
    if (state === "active") for (const status of milestones.values()) note(status, state);
    if (state === "failed") for (const status of errors.values()) note(status, state);
  }
  return new Map([...sources].map(([status, from]) => [status, Object.freeze([...from])]));
}

const OPTIONS = ["states", "milestones", "steps", "errors"];

function fieldsOf(value: unknown): Record<string, unknown> {
  const rule = "{states, milestones?, steps?, errors?}";
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidInput("profile", value, rule);
  }
  const options: Record<string, unknown> = { ...value };
  for (const key of Object.keys(options)) {
    if (!OPTIONS.includes(key)) throw new InvalidInput(key, options[key], `no such option; ${rule}`);
  }
  return options;
}

function parseStates<Status extends string>(value: unknown): Readonly<Record<JobState, Status>> {
  const names = parseNames<Status>("states", value);
  for (const [state, name] of names) {
    if (!isState(state)) throw new InvalidInput(`states.${state}`, name, `no such state; ${STATES.join(", ")}`);
  }
  const missing = STATES.find((state) => !names.has(state));
  if (missing !== undefined) throw new InvalidInput(`states.${missing}`, undefined, "every state needs a name");
  return Object.freeze(Object.fromEntries(names) as Record<JobState, Status>);
}

function parseNames<Name extends string>(field: string, value: unknown): ReadonlyMap<string, Name> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidInput(field, value, "an object of names");
  }
  // The caller's types describe these names: they are the values of this object.
  return new Map(Object.entries(value).map(([key, name]) => [key, parseKey(`${field}.${key}`, name, 100) as Name]));
}
