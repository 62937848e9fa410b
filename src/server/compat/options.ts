/**
 * The routes of other systems, as options: which of them there are is a matter of the application that replaces
 * such a system, and whose clients are to notice nothing.
 */
import type { DocumentProfile } from "../../client/profile/document-profile.js";
import type { EnqueueOptions } from "../../client/enqueue/job-spec.js";
import type { Job } from "../../client/jobs/job.js";
import type { AnyFlow } from "../../define/flow.js";
import type { AnyTask } from "../../define/task.js";
import { InvalidInput } from "../../model/errors/errors.js";

/** A route that makes one job. */
export interface CreationRoute {
  /** What it starts: a task, a flow, or the name of a task. */
  task: AnyTask | AnyFlow | string;
  /** The input that a body stands for. What it throws is answered with 400. Default: the body as it is. */
  input?: (body: unknown) => unknown;
  /** Options of the job, from the body: its queue, its meta, a unique key. What it throws is answered with 400. */
  options?: (body: unknown) => EnqueueOptions;
  /** The answer: exactly this. */
  answer: (job: Job) => object;
  /** Default: 202. */
  status?: 200 | 201 | 202;
  /** The JSON Schemas of body and answer, for the OpenAPI document. Default: any JSON, an object. */
  schemas?: { readonly body?: Readonly<Record<string, unknown>>; readonly answer?: Readonly<Record<string, unknown>> };
}

/** The four routes of monitoring. */
export interface MonitoringOptions {
  /** Where they are. Default: `/monitoring`. */
  path?: string;
  /** Names for states, in counts and in the answer of a retry. Default: our own. */
  profile?: DocumentProfile;
}

/** The routes of another system. */
export interface CompatOptions {
  /** Routes that answer a job as its document: by path, whose one parameter is the id, such as `"/jobs/{job_id}"`. */
  jobs?: Readonly<Record<string, DocumentProfile>>;
  /** Routes that make a job when they are posted to: by path, such as `"/start_task"`. */
  create?: Readonly<Record<string, CreationRoute>>;
  /** `/monitoring/health`, `/monitoring/queue/stats`, `…/workers` and `…/failed`. Default: false. */
  monitoring?: boolean | MonitoringOptions;
  /**
   * Another header in which clients send their token, such as `"x-internal-service-token"`: it counts as `Authorization: Bearer …` where
   * a request has no such header, on every route. Default: none.
   */
  tokenHeader?: string;
}

/** The same, checked. */
export interface ParsedCompat {
  readonly jobs: ReadonlyMap<string, DocumentProfile>;
  readonly create: ReadonlyMap<string, CreationRoute>;
  readonly monitoring: { readonly path: string; readonly profile: DocumentProfile | null } | null;
  /** In small letters. */
  readonly tokenHeader: string | null;
}

const SEGMENT = /^(?:[A-Za-z0-9._~-]+|\{[A-Za-z_]\w*\})$/;
const STATUSES = [200, 201, 202];

/** Checks the routes. @throws InvalidInput */
export function parseCompat(given: unknown): ParsedCompat {
  const known = ["jobs", "create", "monitoring", "tokenHeader"];
  const { jobs, create, monitoring, tokenHeader } = fieldsOf("compat", given ?? {}, known);
  return {
    jobs: new Map(
      Object.entries(fieldsOf("compat.jobs", jobs ?? {})).map(([path, profile]) => {
        const field = `compat.jobs.${path}`;
        parsePath(field, path, 1);
        return [path, parseDocumentProfile(field, profile)];
      }),
    ),
    create: new Map(
      Object.entries(fieldsOf("compat.create", create ?? {})).map(([path, route]) => {
        const field = `compat.create.${path}`;
        parsePath(field, path, 0);
        return [path, parseCreation(field, route)];
      }),
    ),
    monitoring: parseMonitoring(monitoring),
    tokenHeader: parseTokenHeader(tokenHeader),
  };
}

/** Checks a document profile. @throws InvalidInput */
export function parseDocumentProfile(field: string, value: unknown): DocumentProfile {
  if (typeof value === "object" && value !== null && "of" in value && typeof value.of === "function") {
    return value as DocumentProfile;
  }
  throw new InvalidInput(field, value, "a document profile, made by documentProfile()");
}

function parseMonitoring(value: unknown): ParsedCompat["monitoring"] {
  if (value === undefined || value === false) return null;
  const given = value === true ? {} : fieldsOf("compat.monitoring", value, ["path", "profile"]);
  const { path = "/monitoring", profile } = given;
  parsePath("compat.monitoring.path", path, 0);
  return {
    path: path as string,
    profile: profile === undefined ? null : parseDocumentProfile("compat.monitoring.profile", profile),
  };
}

/** Headers that mean something else already, or that browsers send by themselves. */
const TAKEN = ["authorization", "cookie", "host", "origin", "referer", "content-type", "content-length"];

function parseTokenHeader(value: unknown): string | null {
  if (value === undefined) return null;
  const name = typeof value === "string" ? value.toLowerCase() : "";
  if (/^[a-z0-9-]{1,100}$/.test(name) && !TAKEN.includes(name)) return name;
  throw new InvalidInput(
    "compat.tokenHeader",
    value,
    'the name of a header of its own, such as "x-internal-service-token"',
  );
}

const ROUTE = ["task", "input", "options", "answer", "status", "schemas"];

function parseCreation(field: string, value: unknown): CreationRoute {
  const { task, input, options, answer, status } = fieldsOf(field, value, ROUTE);
  const isTask = (typeof task === "object" && task !== null && "name" in task) || typeof task === "string";
  if (!isTask) throw new InvalidInput(`${field}.task`, task, "a task, a flow, or the name of a task");
  for (const [name, given] of Object.entries({ input, options })) {
    if (given !== undefined && typeof given !== "function")
      throw new InvalidInput(`${field}.${name}`, given, "a function");
  }
  if (typeof answer !== "function") throw new InvalidInput(`${field}.answer`, answer, "a function");
  if (status !== undefined && !STATUSES.includes(status as number)) {
    throw new InvalidInput(`${field}.status`, status, "200, 201 or 202");
  }
  return value as CreationRoute;
}

/** @throws InvalidInput unless it is a path of plain segments with this many parameters */
function parsePath(field: string, path: unknown, parameters: number): void {
  const segments =
    typeof path === "string" && path.startsWith("/") && path.length <= 200 ? path.slice(1).split("/") : [];
  const count = segments.filter((segment) => segment.startsWith("{")).length;
  if (segments.length > 0 && segments.every((segment) => SEGMENT.test(segment)) && count === parameters) return;
  const rule = parameters === 1 ? 'a path with one parameter, such as "/jobs/{id}"' : 'a path such as "/start_task"';
  throw new InvalidInput(field, path, rule);
}

function fieldsOf(field: string, value: unknown, known?: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidInput(field, value, known === undefined ? "an object of routes by path" : `{${known.join(", ")}}`);
  }
  const fields: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(value));
  for (const [name, given] of Object.entries(fields)) {
    if (known !== undefined && !known.includes(name)) {
      throw new InvalidInput(`${field}.${name}`, given, `no such option; known: ${known.join(", ")}`);
    }
  }
  return fields;
}
