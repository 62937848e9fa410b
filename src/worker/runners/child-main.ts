/**
 * The program of a child, thread or process: waits for a job, imports its handler, runs it with the same context as in
 * the worker, tells what came of it, waits for the next. Bound by its wire alone: when that closes, so does it.
 */
import { isMainThread, parentPort } from "node:worker_threads";
import { systemClock } from "../../model/clock.js";
import { decodePayload, encodePayload } from "../../model/codec.js";
import { RunContext } from "../context.js";
import { currentContext } from "../current-job.js";
import { checkInput } from "../input-check.js";
import { ChildHost } from "./child-host.js";
import { loadHandler, type LoadedHandler } from "./handler-loader.js";
import { LoadedCode } from "./loaded-code.js";
import { killGroup } from "./marked-processes.js";
import type { FromChild, RunEnd, RunOrder, ToChild } from "./protocol.js";
import { packThrown, unpackThrown } from "./thrown.js";

/** The host of the run under way. */
let host: ChildHost | null = null;
/** What was loaded, once a job asked for fresh code. */
let loaded: LoadedCode | null = null;

const send = openWire((message) => {
  switch (message.kind) {
    case "run":
      void run(message.order);
      break;
    case "abort":
      host?.abort(unpackThrown(message.reason));
      break;
    case "answer":
      host?.answered(message.number, message.answer);
      break;
    case "close":
      process.exit();
  }
});

async function run(order: RunOrder): Promise<void> {
  const from = Date.now();
  if (order.fresh) {
    loaded ??= new LoadedCode();
    if (!loaded.isCurrent()) {
      send({ kind: "stale" });
      return;
    }
  }
  const current = new ChildHost(order, send);
  host = current;
  let found: LoadedHandler | null = null;
  let end: RunEnd;
  try {
    found = await loadHandler(order.file, order.export);
    end = await call(order, found, current);
  } catch (error) {
    end = { thrown: packThrown(error), final: false };
  }
  loaded?.note(from);
  current.end();
  // A module that could not be loaded once is not loaded again here: the next attempt gets a child of its own.
  send({ kind: "ended", end, reusable: found !== null });
}

async function call(order: RunOrder, { handler, schema }: LoadedHandler, host: ChildHost): Promise<RunEnd> {
  const final = (error: unknown): RunEnd => ({ thrown: packThrown(error), final: true });
  let input: unknown;
  try {
    input = "value" in order.input ? order.input.value : decodePayload(order.input.text);
    if ("text" in order.input && schema !== null) input = await checkInput(schema, input);
  } catch (error) {
    return final(error);
  }
  const context = new RunContext(host, input, systemClock);
  const value = await (order.currentJob ? currentContext.run(context, () => handler(context)) : handler(context));
  try {
    const result = value === undefined ? null : encodePayload("result", value, order.payloadCap);
    return { outcome: context.outcome(result) };
  } catch (error) {
    return final(error);
  }
}

/** Listens to the worker; gives the way to speak to it. */
function openWire(hear: (message: ToChild) => void): (message: FromChild) => void {
  if (!isMainThread && parentPort !== null) {
    const port = parentPort;
    port.on("message", hear);
    return (message) => port.postMessage(message);
  }
  process.on("message", (message) => hear(message as ToChild));
  // The worker is gone, and so must be this process and its group.
  process.once("disconnect", () => killGroup(process.pid));
  return (message) => void process.send?.(message, undefined, undefined, () => {});
}
