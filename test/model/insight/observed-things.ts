// Workers and nodes as they are seen when all is well.
import type { ObservedWorker } from "../../../src/model/insight/observed.js";
import type { ObservedNode } from "../../../src/model/insight/store-insights.js";

export function workerOf(changes: Partial<ObservedWorker> = {}): ObservedWorker {
  return {
    name: "one",
    liveness: "alive",
    queues: ["scans"],
    tasks: ["scan"],
    longshore: "1.0.0",
    running: 0,
    seenAt: 0,
    suspended: [],
    clockAhead: 0,
    ...changes,
  };
}

export function nodeOf(changes: Partial<ObservedNode> = {}): ObservedNode {
  return {
    name: "redis:6379",
    software: "redis",
    refusal: null,
    persistence: { text: "aof everysec", kind: "log", lastSaveOk: true },
    evictionPolicy: "noeviction",
    evicted: 0,
    memoryUsed: 100,
    memoryLimit: 0,
    diskFree: null,
    missingRights: [],
    ...changes,
  };
}
