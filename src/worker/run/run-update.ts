/**
 * What a run reports, and the strict readers of its reports and checkpoints as a child sends them: every field within the
 * bounds that the worker's own runs keep; fields without a meaning are left out.
 */
import { MOST_CHECKPOINTS, type Checkpoint } from "../../model/job/report/checkpoint.js";
import { LONGEST_LOG_LINE, type LogLine } from "../../model/job/report/log.js";
import { META_CAP } from "../../model/options/options.js";
import {
  MOST_COUNTERS,
  MOST_ENDED_AFTER,
  MOST_MILESTONES,
  type ItemProgress,
  type Progress,
} from "../../model/job/progress.js";
import {
  Malformed,
  readBytes,
  readList,
  readNumber,
  readObject,
  readOptional,
  readText,
  readWhole,
  readWord,
} from "../../model/value/strict.js";

/** Progress, meta or a log line of a run. Sent within about 100 ms; lost if the worker dies before that. */
export interface RunUpdate {
  readonly progress?: Progress;
  /** JSON text of an object. */
  readonly meta?: string;
  readonly line?: LogLine;
}

const LONGEST_NAME = 1_000;
const MOST = Number.MAX_SAFE_INTEGER;

/** @throws Malformed */
export function readUpdate(what: string, value: unknown): RunUpdate {
  const { progress, meta, line } = readObject(what, value);
  return {
    ...(progress === undefined ? {} : { progress: readProgress(`${what}.progress`, progress) }),
    ...(meta === undefined ? {} : { meta: readMeta(`${what}.meta`, meta) }),
    ...(line === undefined ? {} : { line: readLine(`${what}.line`, line) }),
  };
}

function readMeta(what: string, value: unknown): string {
  const text = readBytes(what, value, META_CAP);
  readObject(what, JSON.parse(text));
  return text;
}

function readLine(what: string, value: unknown): LogLine {
  const { at, level, message } = readObject(what, value);
  return {
    at: readNumber(`${what}.at`, at, 0, MOST),
    level: readWord(`${what}.level`, level, ["debug", "info", "warn", "error"]),
    message: readText(`${what}.message`, message, LONGEST_LOG_LINE),
  };
}

function readProgress(what: string, value: unknown): Progress {
  const given = readObject(what, value);
  const { percent, status, message, done, total, step, items, counters, milestones, endedAfter } = given;
  return {
    percent: readNumber(`${what}.percent`, percent, 0, 100),
    status: readOptional(`${what}.status`, status, readName),
    message: readOptional(`${what}.message`, message, (at, text) => readText(at, text, LONGEST_LOG_LINE)),
    done: readNumber(`${what}.done`, done, 0, MOST),
    total: readOptional(`${what}.total`, total, (at, number) => readNumber(at, number, 0, MOST)),
    step: readOptional(`${what}.step`, step, readName),
    items: readOptional(`${what}.items`, items, readItems),
    counters: readCounters(`${what}.counters`, counters),
    milestones: readList(`${what}.milestones`, milestones, MOST_MILESTONES, readName),
    endedAfter: readList(`${what}.endedAfter`, endedAfter, MOST_ENDED_AFTER, (at, ms) => readNumber(at, ms, 0, MOST)),
  };
}

function readItems(what: string, value: unknown): ItemProgress {
  const { done, failed, total } = readObject(what, value);
  return {
    done: readNumber(`${what}.done`, done, 0, Number.MAX_VALUE),
    failed: readNumber(`${what}.failed`, failed, 0, Number.MAX_VALUE),
    total: readNumber(`${what}.total`, total, 0, Number.MAX_VALUE),
  };
}

function readCounters(what: string, value: unknown): Readonly<Record<string, number>> {
  const entries = Object.entries(readObject(what, value));
  if (entries.length > MOST_COUNTERS) throw new Malformed(what);
  return Object.fromEntries(
    entries.map(([name, by]) => [
      readName(what, name),
      readNumber(`${what}.${name}`, by, -Number.MAX_VALUE, Number.MAX_VALUE),
    ]),
  );
}

/** The name of a step, item, counter or milestone. @throws Malformed */
export function readName(what: string, value: unknown): string {
  return readText(what, value, LONGEST_NAME);
}

/** @param payloadCap the most bytes of JSON of its value @throws Malformed */
export function readCheckpoint(what: string, value: unknown, payloadCap: number): Checkpoint {
  const { seq, kind, name, key, value: given, at, took, counters } = readObject(what, value);
  return {
    seq: readWhole(`${what}.seq`, seq, 1, MOST_CHECKPOINTS),
    kind: readWord(`${what}.kind`, kind, ["step", "sleep", "milestone", "status", "spawn"]),
    name: readName(`${what}.name`, name),
    key: readOptional(`${what}.key`, key, readName),
    value: readBytes(`${what}.value`, given, payloadCap),
    at: readNumber(`${what}.at`, at, 0, MOST),
    took: readNumber(`${what}.took`, took, 0, MOST),
    counters: readOptional(`${what}.counters`, counters, readCounters),
  };
}
