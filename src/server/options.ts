/** What a server is made with, checked: a misspelt option must not leave a door open. */
import { checkTasks } from "../define/is-task.js";
import type { AnyTask } from "../define/task.js";
import type { DocumentProfile } from "../client/profile/document-profile.js";
import { parseCompat, parseDocumentProfile, type CompatOptions, type ParsedCompat } from "./compat/options.js";
import { ACCESS_OPTIONS, parseAccess, type AccessOptions, type ParsedAccess } from "./access/options.js";
import type { ServerLog } from "./http/parts.js";
import { systemClock, type Clock } from "../model/value/clock.js";
import type { Caps } from "./http/client-caps.js";
import { STREAM_CAPS } from "./live/hub.js";
import { InvalidInput } from "../model/errors/errors.js";
import { redactSaid } from "../model/redaction/redact.js";
import { redactText } from "../model/redaction/redact-text.js";
import { parseWhole } from "../model/value/scalar.js";

/** The options of `createServer`. */
export interface ServerOptions extends AccessOptions {
  /**
   * Tasks that this process knows: an input that breaks the schema of one is refused before the job is accepted, and its options
   * are the defaults of its jobs. Any other task is enqueued by its name. Default: none.
   */
  tasks?: readonly AnyTask[];
  /**
   * The path that the host application has mounted the server under, such as `"/admin/jobs"`. It is taken off the paths of requests
   * that have it, and put before links and cookies. Express says it by itself. Default: none.
   */
  basePath?: string;
  /**
   * Is the server behind a proxy of yours that sets `X-Forwarded-Proto`, `-Host` and `-For`? They are ignored otherwise: anyone can
   * send them. Default: false.
   */
  trustProxy?: boolean;
  /**
   * What else must be well for `/readyz` to answer 200, beside the engine and the workers of the connection: workers in other
   * processes, perhaps. Default: nothing.
   */
  ready?: () => Promise<boolean>;
  /** What `GET /api/jobs/{id}` answers: another system's document of the job, in place of our own. Default: our own. */
  profile?: DocumentProfile;
  /** The routes of another system, beside ours, for clients that know those. Default: none. */
  compat?: CompatOptions;
  /**
   * How many event streams may be open: in this process, where one more is answered with 503, and of one subject (a token), where
   * it is 429. Default: `{ process: 1_000, subject: 100 }`.
   */
  sseClients?: { process?: number; subject?: number };
  /** How many requests may wait for a result (`?wait=30s`), in the same way. Default: `{ process: 2_000, subject: 500 }`. */
  longPolls?: { process?: number; subject?: number };
  /** Where the server tells what its operator should know. Default: warnings and errors as lines of JSON on standard error. */
  log?: ServerLog;
  /** The clock for what lasts some time, such as sessions. Default: the machine's. For tests. */
  clock?: Clock;
}

/** The options, checked, with their defaults. */
export interface ParsedServerOptions {
  readonly tasks: ReadonlyMap<string, AnyTask>;
  readonly basePath: string;
  readonly trustProxy: boolean;
  readonly access: ParsedAccess;
  readonly ready: () => Promise<boolean>;
  readonly profile: DocumentProfile | null;
  readonly compat: ParsedCompat;
  readonly sseClients: Caps;
  readonly longPolls: Caps;
  readonly log: ServerLog;
  readonly clock: Clock;
}

const OPTIONS: readonly string[] = [
  "tasks",
  "basePath",
  "trustProxy",
  ...ACCESS_OPTIONS,
  "ready",
  "profile",
  "compat",
  "sseClients",
  "longPolls",
  "log",
  "clock",
] satisfies (keyof ServerOptions)[];

/** Checks the options of a server. @throws InvalidInput */
export function parseServerOptions(options: ServerOptions): ParsedServerOptions {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new InvalidInput("options", options, `an object of ${OPTIONS.join(", ")}`);
  }
  for (const [name, value] of Object.entries(options)) {
    // The value of a misspelt option may be a secret.
    if (!OPTIONS.includes(name))
      throw new InvalidInput(name, typeof value, `no such option; known: ${OPTIONS.join(", ")}`);
  }
  return {
    tasks: options.tasks === undefined ? new Map() : parseTasks(options.tasks),
    basePath: options.basePath === undefined ? "" : parseBasePath(options.basePath),
    trustProxy: parseFlag("trustProxy", options.trustProxy),
    access: parseAccess(options),
    ready: parseReady(options.ready),
    profile: options.profile === undefined ? null : parseDocumentProfile("profile", options.profile),
    compat: parseCompat(options.compat),
    sseClients: parseCaps("sseClients", options.sseClients, STREAM_CAPS),
    longPolls: parseCaps("longPolls", options.longPolls, POLL_CAPS),
    log: parseLog(options.log),
    clock: options.clock === undefined ? systemClock : parseClock(options.clock),
  };
}

/** Checks tasks. @throws InvalidInput */
export function parseTasks(tasks: unknown): ReadonlyMap<string, AnyTask> {
  checkTasks("tasks", tasks);
  const known = new Map<string, AnyTask>();
  for (const [index, task] of tasks.entries()) {
    const other = known.get(task.name) ?? task;
    if (other !== task) throw new InvalidInput(`tasks[${index}].name`, task.name, "a name that no other task has");
    known.set(task.name, task);
  }
  return known;
}

/** The most event streams, and the most requests that wait, that a process may be allowed. */
const MOST_CLIENTS = 100_000;
/** How many requests may wait unless it is said otherwise: one costs less than a stream, and many jobs may be waited for. */
const POLL_CAPS: Caps = { process: 2_000, subject: 500 };

// Parts of dots alone are taken out of addresses by clients: such a path would never be asked for.
const PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)*$/;

/** Checks a path prefix; a slash at its end is dropped. @throws InvalidInput */
export function parseBasePath(value: unknown): string {
  const path = typeof value === "string" ? value.replace(/\/$/, "") : null;
  if (path === null || path.length > 200 || !PATH.test(path)) {
    throw new InvalidInput(
      "basePath",
      value,
      'a path such as "/admin/jobs": up to 200 of A-Z a-z 0-9 . _ ~ - and slashes, no part . or ..',
    );
  }
  return path;
}

function parseFlag(name: string, value: unknown): boolean {
  if (value === undefined) return false;
  if (typeof value !== "boolean") throw new InvalidInput(name, value, "true or false");
  return value;
}

function parseCaps(field: string, caps: unknown = {}, usual: Caps): Caps {
  const isObject = typeof caps === "object" && caps !== null && !Array.isArray(caps);
  if (!isObject) throw new InvalidInput(field, caps, "an object of process, subject");
  for (const [name, value] of Object.entries(caps)) {
    if (!Object.hasOwn(usual, name)) throw new InvalidInput(`${field}.${name}`, value, "known are: process, subject");
    if (value !== undefined) parseWhole(`${field}.${name}`, value, 1, MOST_CLIENTS);
  }
  const { process = usual.process, subject = usual.subject }: Partial<Caps> = caps;
  return { process, subject };
}

function parseReady(ready: unknown): () => Promise<boolean> {
  if (ready === undefined) return async () => true;
  if (typeof ready !== "function") throw new InvalidInput("ready", ready, "a function that answers true or false");
  return ready as () => Promise<boolean>;
}

function parseClock(clock: unknown): Clock {
  const methods: readonly (keyof Clock)[] = ["now", "monotonic", "after"];
  const given = (typeof clock === "object" && clock !== null ? clock : {}) as Partial<Clock>;
  if (methods.some((method) => typeof given[method] !== "function")) {
    throw new InvalidInput("clock", clock, `an object with ${methods.join(", ")}`);
  }
  return clock as Clock;
}

function parseLog(log: unknown): ServerLog {
  if (log !== undefined && typeof log !== "function") throw new InvalidInput("log", log, "a function");
  const write = (log as ServerLog | undefined) ?? logToStderr;
  return (level, message, fields) => write(level, redactText(message), redactSaid(fields));
}

const logToStderr: ServerLog = (level, message, fields) => {
  if (level === "info") return;
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
};
