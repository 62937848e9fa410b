/**
 * The program of a child, thread or process: waits for a job, imports its handler, runs it with the same context as in
 * the worker, tells what came of it, waits for the next. Bound by its wire alone: when that closes, so does it.
 */
import { Socket } from "node:net";
import { isMainThread, parentPort } from "node:worker_threads";
import { systemClock, systemRandom } from "../../../model/value/clock.js";
import { decodePayload, encodePayload } from "../../../model/value/codec.js";
import { statuses } from "../../../model/vocabulary/status-machine.js";
import { RunContext } from "../../handler/run-context.js";
import { currentContext } from "../../handler/current-job.js";
import { checkInput } from "../../../define/check-input.js";
import { ChildHost } from "./child-host.js";
import { WIRE } from "../channel/child-link.js";
import { frame, FrameReader } from "../channel/frames.js";
import { marked } from "../channel/from-child.js";
import { definitionOf, loadHandler, type LoadedHandler, type RunDefinition } from "../handler-loader.js";
import { LoadedCode } from "./loaded-code.js";
import { killGroup } from "../process-marks.js";
import type { FromChild, RunEnd, RunOrder, ToChild } from "../channel/protocol.js";
import { packError, unpackError } from "../channel/error-transport.js";

/** The host of the run under way. */
let host: ChildHost | null = null;
/** What was loaded, once a job asked for fresh code. */
let loaded: LoadedCode | null = null;
/** The handlers of this child. What `import()` gives stays the same, and asking it takes a while where hooks are. */
const handlers = new Map<string, LoadedHandler>();

const send = openWire((message) => {
  switch (message.kind) {
    case "run":
      void run(message.order);
      break;
    case "abort":
      host?.abort(unpackError(message.reason));
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
    found = await load(order);
    end = await call(order, found, current);
  } catch (error) {
    end = failed(error, false);
  }
  loaded?.note(from);
  current.end();
  // A module that could not be loaded once is not loaded again here: the next attempt gets a child of its own.
  send({ kind: "ended", end, reusable: found !== null });
}

async function load({ file, export: name }: RunOrder): Promise<LoadedHandler> {
  const known = handlers.get(`${file}#${name}`);
  if (known !== undefined) return known;
  const found = await loadHandler(file, name);
  handlers.set(`${file}#${name}`, found);
  return found;
}

async function call(order: RunOrder, { handler, task }: LoadedHandler, host: ChildHost): Promise<RunEnd> {
  const { payloadCap, queueDefaults } = order;
  const definition = definitionOf(orderedDefinition(order), task);
  let input: unknown;
  try {
    input = "value" in order.input ? order.input.value : decodePayload(order.input.text);
    if ("text" in order.input && definition.schema !== null) {
      input = await checkInput(definition.schema, input);
      // An asynchronous schema may take longer than the attempt may.
      if (host.signal.aborted) return failed(host.signal.reason, false);
    }
  } catch (error) {
    return failed(error, true);
  }
  const services = { clock: systemClock, random: systemRandom, payloadCap, queueDefaults };
  const context = new RunContext(host, input, definition, services);
  let value: unknown;
  try {
    value = await (order.currentJob ? currentContext.run(context, () => handler(context)) : handler(context));
  } catch (error) {
    await settle(context);
    return failed(context.suspension ?? error, false);
  }
  await settle(context);
  const instead = context.suspension ?? context.failure(value);
  if (instead !== null) return failed(instead, false);
  try {
    const result = value === undefined ? null : encodePayload("result", value, payloadCap);
    return { outcome: context.outcome(result) };
  } catch (error) {
    return failed(error, true);
  }
}

/** @param final no attempt can mend it */
function failed(error: unknown, final: boolean): RunEnd {
  return { thrown: packError(error), final };
}

/** What came along of the task that names the module. */
function orderedDefinition({ steps, milestones, statuses: declared }: RunOrder): RunDefinition {
  return {
    schema: null,
    steps: isNames(steps) ? () => steps : steps,
    milestones: milestones === null ? null : new Map(milestones.map((name) => [name, null])),
    statuses: declared === null ? null : statuses(declared),
    classify: null,
  };
}

function isNames(steps: RunOrder["steps"]): steps is readonly string[] {
  return Array.isArray(steps);
}

/** Waits for what the handler began and did not await. */
async function settle(context: RunContext): Promise<void> {
  for (let settled = context.settled(); settled !== null; settled = context.settled()) await settled;
}

/** Listens to the worker; gives the way to speak to it. */
function openWire(receive: (message: ToChild) => void): (message: FromChild) => void {
  if (!isMainThread && parentPort !== null) {
    const port = parentPort;
    port.on("message", receive);
    return (message) => port.postMessage(marked(message));
  }
  // Supervisors signal every process of a service at once; when a child ends is for its worker to say.
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
  const wire = new Socket({ fd: WIRE });
  const frames = new FrameReader();
  wire.on("data", (bytes: Buffer) => {
    for (const message of frames.read(bytes)) receive(message as ToChild);
  });
  wire.on("error", () => {});
  // The worker is gone, and so must be this process and its group.
  wire.once("close", () => killGroup(process.pid));
  return (message) => void wire.write(frame(marked(message)));
}
