/**
 * Reads the messages of a child without trusting them: a handler, or any library in it, can write to the channel as
 * well. A message without our mark is ignored. A marked message that is not valid, field by field and within its
 * bounds, is malformed: the receiver kills that child, and nothing else is affected.
 */
import type { Outcome } from "../../../engine/contract/engine.js";
import { MOST_CHECKPOINTS, type Checkpoint } from "../../../model/job/checkpoint.js";
import type { Failure } from "../../../model/failure/failure.js";
import { LONGEST_LOG_LINE, type LogLine } from "../../../model/job/log.js";
import { META_CAP } from "../../../model/options/options.js";
import { MOST_COUNTERS, MOST_MILESTONES, type ItemProgress, type Progress } from "../../../model/job/progress.js";
import { MOST_STEP_FAILURES, type StepFailure } from "../../../model/failure/step-failure.js";
import {
  Malformed,
  readBytes,
  readFlag,
  readList,
  readNumber,
  readObject,
  readOptional,
  readText,
  readWhole,
  readWord,
} from "../../../model/value/strict.js";
import { readRef, readSpec } from "../../../model/options/strict-job.js";
import type { RunUpdate } from "../../run/host.js";
import type { FromChild, Question, RunEnd } from "./protocol.js";
import { readError } from "./error-transport.js";

/** The mark of every message of Longshore's own code in a child. */
const MARK = "longshore-child";

/** A marked message that is not valid, and why. */
export interface MalformedMessage {
  readonly kind: "malformed";
  readonly why: string;
}

const MOST_UPDATES = 2_000;
const MOST_JOBS = 10_000;
const LONGEST_NAME = 1_000;
const DEEPEST_FAILURE = 4;
const MOST = Number.MAX_SAFE_INTEGER;

/** Adds the mark to a message. */
export function marked(message: FromChild): unknown {
  return { ...message, mark: MARK };
}

/**
 * Reads a message of a child; `null` for one without the mark. Never throws.
 * @param payloadCap the most bytes of JSON of a result, of a step's output and of an input
 */
export function fromChild(message: unknown, payloadCap: number): FromChild | MalformedMessage | null {
  if (typeof message !== "object" || message === null) return null;
  try {
    const { mark, ...fields } = message as Record<string, unknown>;
    return mark === MARK ? readMessage(fields, payloadCap) : null;
  } catch (error) {
    return { kind: "malformed", why: error instanceof Error ? error.message : String(error) };
  }
}

function readMessage(message: Readonly<Record<string, unknown>>, cap: number): FromChild {
  switch (message["kind"]) {
    case "stale":
      return { kind: "stale" };
    case "report":
      return { kind: "report", updates: readList("updates", message["updates"], MOST_UPDATES, readUpdate) };
    case "ask":
      return {
        kind: "ask",
        number: readWhole("number", message["number"], 0, MOST),
        question: readQuestion(message["question"], cap),
      };
    case "ended":
      return {
        kind: "ended",
        end: readEnd(message["end"], cap),
        reusable: readFlag("reusable", message["reusable"]),
      };
    default:
      throw new Malformed("kind");
  }
}

function readUpdate(what: string, value: unknown): RunUpdate {
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
  const { percent, status, message, done, total, step, items, counters, milestones } = readObject(what, value);
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

function readName(what: string, value: unknown): string {
  return readText(what, value, LONGEST_NAME);
}

function readQuestion(value: unknown, cap: number): Question {
  if (value === "checkpoints" || value === "dependencies") return value;
  const question = readObject("question", value);
  if ("save" in question) return { save: readCheckpoint("save", question["save"], cap) };
  if ("enqueue" in question) {
    const jobs = readList("enqueue", question["enqueue"], MOST_JOBS, (what, spec) => readSpec(what, spec, cap));
    return { enqueue: jobs };
  }
  if ("depend" in question) return { depend: readList("depend", question["depend"], MOST_JOBS, readRef) };
  if ("related" in question) return { related: readList("related", question["related"], MOST_JOBS, readRef) };
  throw new Malformed("question");
}

function readCheckpoint(what: string, value: unknown, cap: number): Checkpoint {
  const { seq, kind, name, key, value: given, at, took, counters } = readObject(what, value);
  return {
    seq: readWhole(`${what}.seq`, seq, 1, MOST_CHECKPOINTS),
    kind: readWord(`${what}.kind`, kind, ["step", "sleep", "milestone", "status", "spawn"]),
    name: readName(`${what}.name`, name),
    key: readOptional(`${what}.key`, key, readName),
    value: readBytes(`${what}.value`, given, cap),
    at: readNumber(`${what}.at`, at, 0, MOST),
    took: readNumber(`${what}.took`, took, 0, MOST),
    counters: readOptional(`${what}.counters`, counters, readCounters),
  };
}

function readEnd(value: unknown, cap: number): RunEnd {
  const end = readObject("end", value);
  if ("outcome" in end) return { outcome: readOutcome(end["outcome"], cap) };
  return { thrown: readError("end.thrown", end["thrown"]), final: readFlag("end.final", end["final"]) };
}

/**
 * A child reports only `complete` and `partial`, for a handler that returned; the worker derives all other outcomes.
 */
function readOutcome(value: unknown, cap: number): Outcome {
  const { kind, result: given, failures } = readObject("outcome", value);
  const result = readOptional("outcome.result", given, (what, text) => {
    const json = readBytes(what, text, cap);
    JSON.parse(json);
    return json;
  });
  if (readWord("outcome.kind", kind, ["complete", "partial"]) === "complete") return { kind: "complete", result };
  if (failures === undefined) return { kind: "partial", result };
  return {
    kind: "partial",
    result,
    failures: readList("outcome.failures", failures, MOST_STEP_FAILURES, readStepFailure),
  };
}

function readStepFailure(what: string, value: unknown): StepFailure {
  const { step, key, error } = readObject(what, value);
  return {
    step: readName(`${what}.step`, step),
    key: readOptional(`${what}.key`, key, readName),
    error: readFailure(`${what}.error`, error, DEEPEST_FAILURE),
  };
}

function readFailure(what: string, value: unknown, depth: number): Failure {
  const { name, message, code, stack, cause, fingerprint } = readObject(what, value);
  if (depth === 0) throw new Malformed(what);
  return {
    name: readName(`${what}.name`, name),
    message: readText(`${what}.message`, message, 2_000),
    code: readOptional(`${what}.code`, code, readName),
    stack: readOptional(`${what}.stack`, stack, (at, text) => readText(at, text, 4_000)),
    cause: readOptional(`${what}.cause`, cause, (at, inner) => readFailure(at, inner, depth - 1)),
    fingerprint: readText(`${what}.fingerprint`, fingerprint, 100),
  };
}
