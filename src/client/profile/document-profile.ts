/**
 * A document profile: another system's JSON document of a job, whole, as a pure mapping at the edge. Clients that were written
 * against that system read it and notice nothing.
 */
import { InvalidInput, JobNotFound } from "../../model/errors/errors.js";
import type { Profile } from "../../model/profile/profile.js";
import type { Job } from "../jobs/job.js";
import type { Longshore } from "../longshore.js";
import { readDocumentJob, type DocumentJob, type DocumentView } from "./document-job.js";

/** The other system's names for the status of a job and for the step it is at (`null` unless it is in one that has a name). */
export interface DocumentNames<Status extends string = string, Step extends string = string> {
  readonly status: Status;
  readonly step: Step | null;
}

/** The definition of a document profile. */
export interface DocumentProfileOptions<Status extends string, Step extends string, Document, Missing = never> {
  /** The names of states and steps. */
  profile: Profile<Status, Step>;
  /** Makes the document: exactly what the other system says of a job, no field more or less. */
  document: (job: DocumentJob, names: DocumentNames<Status, Step>) => Document;
  /**
   * Makes the document of an id that no job has; `reason` says it in words. Over HTTP it is answered with 404. Default: reading
   * throws, and over HTTP a problem is answered.
   */
  missing?: (id: string, reason: string) => Missing;
  /** Read the jobs that it waits for as well, for `chainPercent`: one or two more round trips for each ring of them. Default: false. */
  chain?: boolean;
  /** The JSON Schema of the document, for the OpenAPI document of a server. Default: an object. */
  schema?: Readonly<Record<string, unknown>>;
}

/** Another system's document of a job. Frozen. */
export interface DocumentProfile<
  Status extends string = string,
  Step extends string = string,
  Document = unknown,
  Missing = unknown,
> {
  readonly profile: Profile<Status, Step>;
  readonly schema: Readonly<Record<string, unknown>> | null;
  /**
   * The document of a job, whatever became of it; of an id that no job has, and of one that several queues have, what `missing` makes.
   * @throws JobNotFound when there is none and the profile has no `missing`; EngineUnavailable
   */
  readonly read: (longshore: Longshore, id: string) => Promise<Document | Missing>;
  /**
   * The document of a job that was found. `see` takes out what the reader may not see, `view` says how much of a flow is read.
   * @throws JobNotFound
   */
  readonly of: (
    longshore: Longshore,
    job: Job,
    see?: (job: DocumentJob) => DocumentJob,
    view?: DocumentView,
  ) => Promise<Document>;
  /** The document of an id that no job has; `null` where such an id is an error. */
  readonly missing: ((id: string, reason: string) => Missing) | null;
}

const OPTIONS = ["profile", "document", "missing", "chain", "schema"];

/**
 * Makes a document profile.
 * @throws InvalidInput
 * @example
 * const scraping = documentProfile({
 *   profile: rq,
 *   document: (job, { status }) => ({ id: job.id, status, progress: job.percent / 100, created_at: job.createdAt }),
 *   missing: (id, reason) => ({ id, error: `Failed to fetch job: ${reason}` }),
 * });
 * const { status } = await scraping.read(longshore, id); // in code
 * createServer(longshore, { profile: scraping, open: true }); // over HTTP: GET /api/jobs/{id}
 */
export function documentProfile<Status extends string, Step extends string, Document, Missing = never>(
  options: DocumentProfileOptions<Status, Step, Document, Missing>,
): DocumentProfile<Status, Step, Document, Missing> {
  const { profile, document, missing = null, chain = false, schema = null } = checked(options);
  const of: DocumentProfile<Status, Step, Document, Missing>["of"] = async (longshore, job, see = everything, view) => {
    const found = await readDocumentJob(longshore, job, { ...view, chain });
    const { state, milestones, step, error } = found;
    return document(see(found), profile.status({ state, progress: { step, milestones }, error }));
  };
  const read = async (longshore: Longshore, id: string): Promise<Document | Missing> => {
    let job: Job | null = null;
    try {
      job = await find(longshore, id);
      return await of(longshore, job);
    } catch (error) {
      const unknown = error instanceof JobNotFound || (job === null && error instanceof InvalidInput);
      if (missing === null || !unknown) throw error;
      return missing(id, error.message);
    }
  };
  return Object.freeze({ profile, schema, missing, of, read });
}

const everything = (job: DocumentJob): DocumentJob => job;

/** @throws InvalidInput for what is no id, and for an id that several queues have; JobNotFound */
async function find(longshore: Longshore, id: string): Promise<Job> {
  const [ref, ...more] = await longshore.jobsWithId(id);
  if (more.length > 0)
    throw new InvalidInput("id", id, `the id of one job; ${more.length + 1} queues have a job with it`);
  const job = ref === undefined ? null : await longshore.job(ref);
  if (job === null) throw new JobNotFound(id);
  return job;
}

function checked<Options extends object>(given: Options): Options {
  const rule = `{${OPTIONS.join(", ")}}`;
  if (typeof given !== "object" || given === null) throw new InvalidInput("documentProfile", given, rule);
  const options: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(given));
  for (const [name, value] of Object.entries(options)) {
    if (!OPTIONS.includes(name)) throw new InvalidInput(name, value, `no such option; ${rule}`);
  }
  const { profile, document, missing, chain, schema } = options;
  if (!isProfile(profile)) throw new InvalidInput("profile", profile, "a profile, made by profile()");
  if (typeof document !== "function") throw new InvalidInput("document", document, "a function");
  if (missing !== undefined && typeof missing !== "function") throw new InvalidInput("missing", missing, "a function");
  if (chain !== undefined && typeof chain !== "boolean") throw new InvalidInput("chain", chain, "true or false");
  if (schema !== undefined && (typeof schema !== "object" || schema === null || Array.isArray(schema))) {
    throw new InvalidInput("schema", schema, "a JSON Schema: an object");
  }
  return given;
}

function isProfile(value: unknown): value is Profile {
  return typeof value === "object" && value !== null && "status" in value && typeof value.status === "function";
}
