// A job that gets the id of a removed one whose client died before it had delivered its messages: none of the old links is its
// own, and none is left when it goes.
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { MAIN, type ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import type { JobSpec } from "../../../src/model/job/job.js";
import { openOwnRedis, type OwnRedis } from "./redis-fixture.js";

const OTHER = "other";

let own: OwnRedis;
let context: ScenarioContext;

describe.skipIf(!inject("canStartRedis"))("a job with the id of one that was removed by a client that died", () => {
  beforeEach(async () => {
    own = await openOwnRedis();
    ({ context } = own);
  });

  afterEach(() => own.close());

  it.each<[string, Partial<JobSpec>]>([
    ["without options", {}],
    ["with a tag", { tags: ["a"] }],
    ["that is due later", { due: { in: 60_000 } }],
  ])("%s has none of its dependencies, and leaves none behind", async (_what, change) => {
    const first = await context.add({ queue: OTHER, hold: true });
    const id = await context.add({ after: [{ queue: OTHER, id: first, ifFailed: "continue" }] });
    const [some = ""] = await own.redis.keys(`*/${MAIN}}*`);
    const prefix = /(?<={).*(?=\/)/.exec(some)?.[0] ?? "";
    await own.redis.acl("SETUSER", "default", "resetkeys", `~{${prefix}/${MAIN}}*`, `~{${prefix}}*`);
    await context.control("remove", id);
    await own.redis.acl("SETUSER", "default", "allkeys");
    const left = (): Promise<number[]> =>
      Promise.all(["dependencies", "dependency"].map((key) => own.redis.exists(`{${prefix}/${MAIN}}:${key}`)));
    expect(await left()).toEqual([1, 1]);

    await context.engine.enqueue({ jobs: [context.spec({ id, nonce: "another", ...change })] });

    expect(await context.engine.dependencies({ queue: MAIN, id })).toEqual([]);
    expect(await left()).toEqual([0, 0]);
  });
});
