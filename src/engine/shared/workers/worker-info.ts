/** A worker's description of itself, as it is stored with its session. */
import { readList, readNumber, readObject, readOptional, readText, readWhole } from "../../../model/value/strict.js";
import type { TaskInfo, WorkerInfo } from "../../contract/engine.js";
import { workerOf } from "../../contract/worker/session-id.js";

const LONGEST = 1_000;
const MOST_QUEUES = 10_000;
const MOST_TASKS = 10_000;

/** Decodes a stored worker. Where the text cannot be read, the session id still gives the name. Never throws. */
export function decodeWorkerInfo(session: string, stored: string): WorkerInfo {
  try {
    const worker = readObject("worker", JSON.parse(stored));
    const { name, host, pid, queues, tasks, appVersion, environment, longshore, node, concurrency, startedAt } = worker;
    return {
      name: readText("worker.name", name, LONGEST),
      host: readText("worker.host", host, LONGEST),
      pid: readWhole("worker.pid", pid, 0, Number.MAX_SAFE_INTEGER),
      queues: readList("worker.queues", queues, MOST_QUEUES, (what, queue) => readText(what, queue, LONGEST)),
      tasks: readList("worker.tasks", tasks, MOST_TASKS, readTask),
      appVersion: readOptional("worker.appVersion", appVersion, readShort),
      environment: readOptional("worker.environment", environment, readShort),
      longshore: readShort("worker.longshore", longshore),
      node: readShort("worker.node", node),
      concurrency: readNumber("worker.concurrency", concurrency, 0, Number.MAX_VALUE),
      startedAt: readNumber("worker.startedAt", startedAt, 0, Number.MAX_SAFE_INTEGER),
    };
  } catch {
    return unknownWorker(workerOf(session));
  }
}

/** A worker of which only the name is known. */
export function unknownWorker(name: string): WorkerInfo {
  return {
    name,
    host: "",
    pid: 0,
    queues: [],
    tasks: [],
    appVersion: null,
    environment: null,
    longshore: "",
    node: "",
    concurrency: 0,
    startedAt: 0,
  };
}

function readShort(what: string, value: unknown): string {
  return readText(what, value, LONGEST);
}

function readTask(what: string, value: unknown): TaskInfo {
  const { name, version, label, resultUrl } = readObject(what, value);
  return {
    name: readText(`${what}.name`, name, LONGEST),
    version: readOptional(`${what}.version`, version, readShort),
    label: readOptional(`${what}.label`, label, readShort),
    resultUrl: readOptional(`${what}.resultUrl`, resultUrl, readShort),
  };
}
