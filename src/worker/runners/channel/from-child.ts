/**
 * Reads the messages of a child without trusting them: a handler, or any library in it, can write to the channel as
 * well. A message without our mark is ignored. A marked message that is not valid, field by field and within its
 * bounds, is malformed: the receiver kills that child, and nothing else is affected.
 */
import type { Outcome } from "../../../engine/contract/engine.js";
import type { Failure } from "../../../model/failure/failure.js";
import { MOST_STEP_FAILURES, type StepFailure } from "../../../model/failure/step-failure.js";
import {
  Malformed,
  readBytes,
  readFlag,
  readList,
  readObject,
  readOptional,
  readText,
  readWhole,
  readWord,
} from "../../../model/value/strict.js";
import { readCall } from "../../run/job-services.js";
import { readName, readUpdate } from "../../run/run-update.js";
import type { FromChild, RunEnd } from "./protocol.js";
import { readError } from "../../errors/error-transport.js";

/** The mark of every message of Longshore's own code in a child. */
const MARK = "longshore-child";

/** A marked message that is not valid, and why. */
export interface MalformedMessage {
  readonly kind: "malformed";
  readonly why: string;
}

const MOST_UPDATES = 2_000;
const DEEPEST_FAILURE = 4;

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
    case "call":
      return {
        kind: "call",
        number: readWhole("number", message["number"], 0, Number.MAX_SAFE_INTEGER),
        call: readCall("call", message["call"], cap),
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
