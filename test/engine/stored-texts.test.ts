// What is stored of a session as text, when another hand or version has written it: each is read as far as it can be, and none throws.
import { describe, expect, it } from "vitest";
import { decodeBuild } from "../../src/engine/contract/worker/builds.js";
import { buildOf, sessionId, workerOf } from "../../src/engine/contract/worker/session-id.js";
import type { WorkerStatus } from "../../src/engine/contract/engine.js";
import { decodeWorkerInfo, unknownWorker } from "../../src/engine/shared/workers/worker-info.js";
import {
  acknowledged,
  commandToGive,
  decodeCommand,
  decodeStatus,
  encodeStatus,
  withCommand,
} from "../../src/engine/shared/workers/worker-status.js";

const NO_TEXTS = ["", "{", "null", "[]", "7", '"text"', "{}", "\0", '{"__proto__":{"at":1}}'];

const STATUS: WorkerStatus = {
  at: 1,
  rss: 2,
  heap: 3,
  cpu: null,
  clockAhead: null,
  loopDelay: 0,
  busy: 1,
  slots: [{ queue: "q", id: "j", task: "t", since: 4 }],
  suspended: ["quiet"],
};

describe("a stored status", () => {
  it("is read as it was written", () => {
    expect(decodeStatus(encodeStatus(STATUS))).toEqual(STATUS);
  });

  it.each([
    ...NO_TEXTS,
    ...[
      { rss: -1 },
      { rss: "1" },
      { cpu: "all" },
      { busy: 1.5 },
      { slots: Array.from({ length: 11 }, () => STATUS.slots[0]) },
      { slots: [{ queue: "q" }] },
      { slots: null },
      { suspended: ["tired"] },
      { suspended: "quiet" },
      { more: "x".repeat(5_000) },
    ].map((change) => JSON.stringify({ ...STATUS, ...change })),
  ])("is unknown when it is %j", (stored) => {
    expect(decodeStatus(stored)).toBeNull();
  });
});

describe("a stored command", () => {
  it("is given until it is acknowledged, and not again", () => {
    const given = withCommand(null, { command: "quiet", op: "a" }, 5);
    expect(commandToGive(given)).toEqual({ command: { command: "quiet", op: "a" } });
    const done = acknowledged(given, "a", 9);
    expect(decodeCommand(done)).toEqual({ command: "quiet", op: "a", at: 5, acknowledgedAt: 9 });
    expect(commandToGive(done)).toEqual({});
    expect(acknowledged(done, "a", 10)).toBe(done);
    expect(withCommand(done, { command: "quiet", op: "a" }, 11)).toBe(done);
  });

  it.each([...NO_TEXTS, "5 0 dance\nop", "5 0 quiet", "5 0 quiet\n", "x 0 quiet\nop"])(
    "is none when it is %j",
    (stored) => {
      expect(decodeCommand(stored)).toBeNull();
      expect(commandToGive(stored)).toEqual({});
      expect(acknowledged(stored, "op", 1)).toBe(stored);
      expect(decodeCommand(withCommand(stored, { command: "stop", op: "new" }, 7))).toMatchObject({ command: "stop" });
    },
  );
});

describe("a stored worker", () => {
  it.each([...NO_TEXTS, JSON.stringify({ ...unknownWorker("w"), tasks: ["scan"] })])(
    "is a name when it is %j",
    (stored) => {
      expect(decodeWorkerInfo("web.1/abc.XYZ", stored)).toEqual(unknownWorker("web.1"));
    },
  );

  it("has a build that says nothing when that cannot be read", () => {
    for (const stored of [...NO_TEXTS, '{"appVersion":7,"environment":null,"versions":{}}']) {
      expect(decodeBuild(stored)).toEqual({ appVersion: null, environment: null, versions: {} });
    }
  });
});

describe("the id of a session", () => {
  it.each([
    ["web-1", "abc", null],
    ["web.1", "abc", null],
    ["web.1", "a_-c", "X_-9aZ"],
  ])("of worker %j tells it and its build", (worker, unique, build) => {
    const id = sessionId(worker, unique, build);
    expect([workerOf(id), buildOf(id)]).toEqual([worker, build]);
  });

  it.each(["", "web.1", "web/", "/"])("%j, which is none of ours, tells no build", (id) => {
    expect(buildOf(id)).toBeNull();
  });
});
