/**
 * Which code ran an attempt: a build is what a worker says of its code, the version of the application, where that runs, and the
 * versions of its tasks. It outlives the session: each queue remembers the builds of its sessions under a short code, the digest of what
 * they say, and a session's id ends in the code of its own. So a job pays seven bytes for it, as part of the id that is stored
 * anyway, and none when the worker says nothing.
 */
import { createHash } from "node:crypto";
import type { AttemptRecord, RanBy } from "../../../model/job/job.js";
import { InvalidInput } from "../../../model/errors/errors.js";
import { readObject, readOptional, readText } from "../../../model/value/strict.js";
import type { WorkerInfo } from "./session.js";

/** How many builds a queue remembers: of more the one whose last session was opened first is forgotten. */
export const MOST_BUILDS = 250;
/** The most bytes that a build takes as text. */
export const LONGEST_BUILD = 8_192;
/** How many characters of its digest name a build: 36 bits, among the `MOST_BUILDS` of a queue. */
const CODE_LENGTH = 6;
const LONGEST = 1_000;

/** A build. */
export interface Build {
  readonly appVersion: string | null;
  readonly environment: string | null;
  /** By the name of the task; of those that have one. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Nothing is known. */
export const RAN_BY_UNKNOWN: RanBy = { appVersion: null, environment: null, version: null };

/** The build of a worker as it is stored; `null` when the worker says nothing of its code. */
export function encodeBuild({
  appVersion,
  environment,
  tasks,
}: Pick<WorkerInfo, "appVersion" | "environment" | "tasks">): string | null {
  const versions = tasks
    .flatMap(({ name, version }) => (version === null ? [] : [[name, version] as const]))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (appVersion === null && environment === null && versions.length === 0) return null;
  return JSON.stringify({ appVersion, environment, versions: Object.fromEntries(versions) });
}

/**
 * Checks that what a worker says of its code can be stored. @throws InvalidInput
 */
export function checkBuild(worker: Parameters<typeof encodeBuild>[0]): void {
  const bytes = Buffer.byteLength(encodeBuild(worker) ?? "");
  if (bytes <= LONGEST_BUILD) return;
  throw new InvalidInput(
    "tasks",
    bytes,
    `versions that take at most ${LONGEST_BUILD} bytes together with the names of their tasks`,
  );
}

/** The code under which a stored build is found. */
export function codeOfBuild(stored: string): string {
  return createHash("sha256").update(stored).digest("base64url").slice(0, CODE_LENGTH);
}

/** Decodes a stored build. Where the text cannot be read, nothing is known of it. Never throws. */
export function decodeBuild(stored: string): Build {
  try {
    const { appVersion, environment, versions } = readObject("build", JSON.parse(stored));
    const text = (what: string, value: unknown): string => readText(what, value, LONGEST);
    const read = Object.entries(readObject("build.versions", versions)).map(
      ([task, version]) => [task, text("build.versions", version)] as const,
    );
    return {
      appVersion: readOptional("build.appVersion", appVersion, text),
      environment: readOptional("build.environment", environment, text),
      versions: Object.fromEntries(read),
    };
  } catch {
    return { appVersion: null, environment: null, versions: {} };
  }
}

/** What of a build concerns a job of this task; `undefined`: the build was forgotten, or the worker said nothing. */
export function ranBy(build: Build | undefined, task: string): RanBy {
  if (build === undefined) return RAN_BY_UNKNOWN;
  const { appVersion, environment, versions } = build;
  return { appVersion, environment, version: Object.hasOwn(versions, task) ? (versions[task] ?? null) : null };
}

/** What ran a job last. */
export function latestRanBy(history: readonly AttemptRecord[]): RanBy {
  const last = history.at(-1);
  if (last === undefined) return RAN_BY_UNKNOWN;
  const { appVersion, environment, version } = last;
  return { appVersion, environment, version };
}
