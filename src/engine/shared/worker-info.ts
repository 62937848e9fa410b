/** A worker's description of itself, as it is stored with its session. */
import { readList, readNumber, readObject, readText, readWhole } from "../../model/value/strict.js";
import type { WorkerInfo } from "../contract/engine.js";
import { workerOf } from "./session-id.js";

const LONGEST = 1_000;
const MOST_QUEUES = 10_000;
const MOST_TASKS = 10_000;

/** Decodes a stored worker. Where the text cannot be read, the session id still gives the name. Never throws. */
export function decodeWorkerInfo(session: string, stored: string): WorkerInfo {
  try {
    const { name, host, pid, queues, tasks = [], concurrency, startedAt } = readObject("worker", JSON.parse(stored));
    return {
      name: readText("worker.name", name, LONGEST),
      host: readText("worker.host", host, LONGEST),
      pid: readWhole("worker.pid", pid, 0, Number.MAX_SAFE_INTEGER),
      queues: readList("worker.queues", queues, MOST_QUEUES, (what, queue) => readText(what, queue, LONGEST)),
      tasks: readList("worker.tasks", tasks, MOST_TASKS, (what, task) => readText(what, task, LONGEST)),
      concurrency: readNumber("worker.concurrency", concurrency, 0, Number.MAX_VALUE),
      startedAt: readNumber("worker.startedAt", startedAt, 0, Number.MAX_SAFE_INTEGER),
    };
  } catch {
    return { name: workerOf(session), host: "", pid: 0, queues: [], tasks: [], concurrency: 0, startedAt: 0 };
  }
}
