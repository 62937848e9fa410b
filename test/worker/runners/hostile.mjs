// Handlers that speak on the wire of their child themselves, as a careless library or a hostile one may.
import { writeSync } from "node:fs";
import { serialize } from "node:v8";
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, parentPort } from "node:worker_threads";

function say(message) {
  if (!isMainThread) {
    parentPort.postMessage(message, []);
    return;
  }
  const body = serialize(message);
  const head = Buffer.alloc(4);
  head.writeUInt32LE(body.length);
  writeAll(Buffer.concat([head, body]));
}

/** The pipe takes so much at a time. */
function writeAll(bytes) {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(3, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

const ours = (message) => ({ ...message, mark: "longshore-child" });

/** Says something that is not ours, as those do who use the wire for themselves; then ends well. */
export async function foreign({ input }) {
  const said = [
    null,
    undefined,
    5,
    "ready",
    [],
    {},
    { kind: "report" },
    { kind: "ended" },
    { kind: "ended", mark: "other" },
  ];
  if (isMainThread) process.send?.(null);
  for (const message of said) say(message);
  await sleep(50);
  return input;
}

/** Says something of ours that is none. */
export async function malformed({ input }) {
  say(ours(MESSAGES[input]));
  await sleep(120_000);
}

/** Bytes that are no message at all. */
export async function rubbish({ input }) {
  writeSync(3, Buffer.from(input, "hex"));
  await sleep(120_000);
}

export const innocent = async () => {
  await sleep(300);
  return "done";
};

export const MESSAGES = {
  "no kind": {},
  "an unknown kind": { kind: "nonsense" },
  "nothing said": { kind: "report" },
  "said nothing": { kind: "report", updates: [null] },
  "a list with a hole": { kind: "report", updates: Object.assign([], { length: 3 }) },
  "a line that is none": { kind: "report", updates: [{ line: { at: Number.NaN, level: "loud", message: 5 } }] },
  "meta that is no object": { kind: "report", updates: [{ meta: "5" }] },
  "meta that is too large": { kind: "report", updates: [{ meta: JSON.stringify({ m: "x".repeat(20_000) }) }] },
  "progress that is none": { kind: "report", updates: [{ progress: { percent: Number.NaN } }] },
  "no call": { kind: "call", number: 1 },
  "a call without a number": { kind: "call", number: "x", call: { name: "dependencies", args: [] } },
  "a service that is none": { kind: "call", number: 1, call: { name: "obliterate", args: [] } },
  "a name that every object has": { kind: "call", number: 1, call: { name: "constructor", args: [] } },
  "arguments that are no list": { kind: "call", number: 1, call: { name: "depend", args: "all" } },
  "no argument": { kind: "call", number: 1, call: { name: "saveCheckpoint", args: [] } },
  "a job that is none": { kind: "call", number: 1, call: { name: "enqueue", args: [[{ queue: "a}b", id: "x" }]] } },
  "dependencies on nothing": { kind: "call", number: 1, call: { name: "depend", args: [[null]] } },
  "too many jobs": {
    kind: "call",
    number: 1,
    call: { name: "relatedJobs", args: [Array.from({ length: 10_001 }, () => ({ queue: "q", id: "x" }))] },
  },
  "a checkpoint that is too large": {
    kind: "call",
    number: 1,
    call: {
      name: "saveCheckpoint",
      args: [
        {
          seq: 1,
          kind: "step",
          name: "s",
          key: null,
          value: `"${"x".repeat(2_000_000)}"`,
          at: 1,
          took: 1,
          counters: null,
        },
      ],
    },
  },
  "no end": { kind: "ended" },
  "an unknown outcome": { kind: "ended", end: { outcome: { kind: "nonsense" } }, reusable: true },
  "a snooze for NaN": { kind: "ended", end: { outcome: { kind: "snooze", delay: Number.NaN } }, reusable: true },
  "a result that is too large": {
    kind: "ended",
    end: { outcome: { kind: "complete", result: `"${"x".repeat(2_000_000)}"` } },
    reusable: true,
  },
  "a result that is no JSON": { kind: "ended", end: { outcome: { kind: "complete", result: "{{{" } }, reusable: true },
  "something thrown that is none": { kind: "ended", end: { thrown: 5, final: false }, reusable: true },
  "causes without end": { kind: "ended", end: { thrown: causes(500), final: false }, reusable: true },
};

function causes(depth) {
  let thrown = null;
  for (let level = 0; level < depth; level += 1) {
    thrown = { error: true, class: "Error", name: "E", message: "m", stack: "", fields: {}, cause: thrown };
  }
  return thrown;
}
