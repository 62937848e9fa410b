// What a handler asks of the engine reaches it from a child by its name alone, so that a service needs no code of its own
// in the runners.
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { task, type JobContext } from "longshore";
import { parseOptions } from "../../../src/model/options/options.js";
import { makeSpec } from "../../../src/model/options/spec.js";
import { EngineServices } from "../../../src/worker/run/engine-services.js";
import {
  perform,
  servicesBy,
  SERVICE_NAMES,
  type JobServices,
  type ServiceName,
} from "../../../src/worker/run/job-services.js";
import { fromChild, marked } from "../../../src/worker/runners/channel/from-child.js";
import { ChildFixture, CHILD_RUNNERS } from "./child-fixture.js";

const SPEC = makeSpec(
  { queue: "children", id: "a", task: "scan", input: { url: "x" }, payloadCap: 1_000, nonce: null },
  parseOptions({ priority: -5, tags: ["user:42"], unique: { key: "k" }, delay: "1m", meta: { from: "a test" } }),
);

/** Arguments of every service, as a handler's code makes them. */
const EXAMPLES: { readonly [Name in ServiceName]: Parameters<JobServices[Name]> } = {
  loadCheckpoints: [],
  saveCheckpoint: [
    { seq: 1, kind: "step", name: "crawl", key: null, value: '"done"', at: 1, took: 2, counters: { pages: 3 } },
  ],
  enqueue: [[SPEC]],
  depend: [[{ queue: "children", id: "a" }]],
  dependencies: [],
  relatedJobs: [[{ queue: "children", id: "a" }]],
};

const doubled = task("doubled", { queue: "children", attempts: 1 }, ({ input }: JobContext<number>) => input * 2);

it.each(CHILD_RUNNERS)("a handler in a %s reaches every service", async (runner) => {
  const calls = SERVICE_NAMES.map((name) => vi.spyOn(EngineServices.prototype, name));
  onTestFinished(() => calls.forEach((call) => call.mockRestore()));
  const fixture = await ChildFixture.open({ spawning: { runner } }, {}, "schema-handlers.mjs");
  fixture.longshore.worker([doubled]);

  expect((await fixture.run("spawning", [1, 2])).state).toBe("completed");
  const reached = SERVICE_NAMES.filter((_, index) => (calls[index]?.mock.calls.length ?? 0) > 0);
  expect(reached).toEqual(SERVICE_NAMES);
});

describe.each(SERVICE_NAMES)("a call of %s by a child", (name) => {
  const received: unknown[] = [];
  /** A service that is known by its name only. */
  const services = {
    [name]: (...args: unknown[]) => {
      received.push(args);
      return Promise.resolve(`the answer of ${name}`);
    },
  } as unknown as JobServices;

  const childs = servicesBy(async (call) => {
    const message = fromChild(structuredClone(marked({ kind: "call", number: 1, call })), 1_000);
    if (message?.kind !== "call") throw new Error(JSON.stringify(message));
    return perform(services, message.call);
  });

  it("arrives with its arguments and brings the answer back", async () => {
    const call = childs[name] as (...args: unknown[]) => Promise<unknown>;
    expect(await call(...EXAMPLES[name])).toBe(`the answer of ${name}`);
    expect(received).toEqual([EXAMPLES[name]]);
  });
});

it.each(SERVICE_NAMES.filter((name) => EXAMPLES[name].length > 0))(
  "a call of %s with arguments of another kind is refused",
  (name) => {
    const call = { name, args: EXAMPLES[name].map(() => 5) };
    const message = { ...(marked({ kind: "stale" }) as object), kind: "call", number: 1, call };
    expect(fromChild(message, 1_000)).toMatchObject({ kind: "malformed" });
  },
);

it.each(["obliterate", "constructor", "__proto__", 5])("a call of %s, which is no service, is refused", (name) => {
  const message = { ...(marked({ kind: "stale" }) as object), kind: "call", number: 1, call: { name, args: [] } };
  expect(fromChild(message, 1_000)).toEqual({ kind: "malformed", why: "call.name is malformed" });
});
