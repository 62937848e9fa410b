/**
 * The program of a child, thread or process: waits for a job, imports its handler, runs it with the same context as in
 * the worker, reports the end, waits for the next. It lives as long as its channel: a process exits with its group when
 * the channel closes.
 */
import { Socket } from "node:net";
import { isMainThread, parentPort } from "node:worker_threads";
import { systemClock, systemRandom } from "../../../model/value/clock.js";
import { decodePayload, encodePayload } from "../../../model/value/codec.js";
import { statuses } from "../../../model/profile/status-machine.js";
import { RunContext } from "../../handler/run-context.js";
import { currentContext } from "../../handler/current-job.js";
import { checkInput } from "../../../define/check-input.js";
import { ChildPort } from "./child-port.js";
import { WIRE } from "../channel/child-link.js";
import { frame, FrameReader } from "../channel/frames.js";
import { marked } from "../channel/from-child.js";
import { definitionOf, loadHandler, type LoadedHandler, type RunDefinition } from "../handler-loader.js";
import { LoadedCode } from "./loaded-code.js";
import { killGroup } from "../process-marks.js";
import type { FromChild, RunEnd, RunOrder, ToChild } from "../channel/protocol.js";
import { packError, unpackError } from "../../errors/error-transport.js";

/** The port of the current run. */
let runPort: ChildPort | null = null;
/** The files loaded; kept from the first job on that asks for fresh code. */
let loaded: LoadedCode | null = null;
/**
 * The handlers of this child. Cached, because `import()` returns the same module but is slow while loader hooks are
 * registered.
 */
const handlers = new Map<string, LoadedHandler>();

const send = openWire((message) => {
  switch (message.kind) {
    case "run":
      void run(message.order);
      break;
    case "abort":
      runPort?.abort(unpackError(message.reason));
      break;
    case "answer":
      runPort?.answered(message.number, message.answer);
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
  const current = new ChildPort(order, send);
  runPort = current;
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
  // A module that failed to load is not loaded again in this process: the next attempt gets a new child.
  send({ kind: "ended", end, reusable: found !== null });
}

async function load({ file, export: name }: RunOrder): Promise<LoadedHandler> {
  const known = handlers.get(`${file}#${name}`);
  if (known !== undefined) return known;
  const found = await loadHandler(file, name);
  handlers.set(`${file}#${name}`, found);
  return found;
}

async function call(order: RunOrder, { handler, task }: LoadedHandler, port: ChildPort): Promise<RunEnd> {
  const { payloadCap, queueDefaults } = order;
  const definition = definitionOf(orderedDefinition(order), task);
  let input: unknown;
  try {
    input = "value" in order.input ? order.input.value : decodePayload(order.input.text);
    if ("text" in order.input && definition.schema !== null) {
      input = await checkInput(definition.schema, input);
      // An asynchronous schema may take longer than the attempt's timeout.
      if (port.signal.aborted) return failed(port.signal.reason, false);
    }
  } catch (error) {
    return failed(error, true);
  }
  const environment = { clock: systemClock, random: systemRandom, payloadCap, queueDefaults };
  const context = new RunContext(port, input, definition, environment);
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

/** @param final another attempt cannot help */
function failed(error: unknown, final: boolean): RunEnd {
  return { thrown: packError(error), final };
}

/** The declarations, sent with the order, of the task that names the module. */
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

/** Waits for operations that the handler began and did not await. */
async function settle(context: RunContext): Promise<void> {
  for (let settled = context.settled(); settled !== null; settled = context.settled()) await settled;
}

/** Opens the channel: `receive` gets the worker's messages, the returned function sends to the worker. */
function openWire(receive: (message: ToChild) => void): (message: FromChild) => void {
  if (!isMainThread && parentPort !== null) {
    const port = parentPort;
    port.on("message", receive);
    return (message) => port.postMessage(marked(message));
  }
  // Supervisors signal every process of a service at once; only the worker decides when a child ends.
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
  const wire = new Socket({ fd: WIRE });
  const frames = new FrameReader();
  wire.on("data", (bytes: Buffer) => {
    for (const message of frames.read(bytes)) receive(message as ToChild);
  });
  wire.on("error", () => {});
  // The worker is gone: end this process and its group.
  wire.once("close", () => killGroup(process.pid));
  return (message) => void wire.write(frame(marked(message)));
}
