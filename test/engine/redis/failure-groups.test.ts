// Failure groups that another hand has written: they count anew, and disturb nothing.
import { expect, it } from "vitest";
import type { Redis } from "ioredis";
import { decodeGroup } from "../../../src/engine/shared/failure-groups.js";
import { GROUP_HOURS, MOST_IN_GROUP } from "../../../src/model/failure/group.js";
import { failOne, give, groupOf, listGroups } from "../../../src/engine/testkit/context/failure-helpers.js";
import type { ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { BOOM } from "../../../src/engine/testkit/context/test-session.js";
import { beforeEachOnRedis } from "./redis-fixture.js";

let context: ScenarioContext;
let redis: Redis;

beforeEachOnRedis((opened) => {
  ({ context, redis } = opened);
});

async function keyOf(name: string): Promise<string> {
  return ((await context.storage.leftovers?.()) ?? []).find((key) => key.endsWith(`:${name}`)) ?? name;
}

it.each([
  ...["", "null", "{}", "[1]", '["x",1,1,"o",0]', '[1,1,1,"?",0,null,"[]",[],[],[],[]]', "[".repeat(9_000)],
  ...[
    '[1.5,1,1,"o",0,null,"[]",[],[],[],[]]',
    '[1,1,1,"oa",0,null,"[]",[],[],[],[]]',
    '[1e300,1,1,"o",0,null,"",{},{},{},{}]',
  ],
])("a group of %s counts anew, and is not listed before that", async (body) => {
  const session = await context.session();
  await failOne(context, session);
  await redis.hset(await keyOf("groups"), BOOM.fingerprint, body);
  expect((await listGroups(context)).groups).toEqual([]);
  expect(await give(context, "resolved")).toBe(null);
  await failOne(context, session);
  expect(await groupOf(context)).toMatchObject({ runs: 1, filed: 2, name: "Error" });
});

it("what is stored of a group is bounded, however long it goes on", { timeout: 60_000 }, async () => {
  const session = await context.session({ ttl: 100 * 86_400_000 });
  for (let hour = 0; hour < GROUP_HOURS + 10; hour += 1) {
    await failOne(context, session, { task: `task-${hour}` });
    context.advance(3_600_000);
  }
  const stored = decodeGroup((await redis.hget(await keyOf("groups"), BOOM.fingerprint)) ?? "");
  expect(stored?.hours.size).toBe(GROUP_HOURS);
  expect([stored?.tasks.length, stored?.samples.length]).toEqual([MOST_IN_GROUP, MOST_IN_GROUP]);
});

it("a group with odd lists goes on with what of them can be read", async () => {
  const session = await context.session();
  await failOne(context, session);
  const odd = '[1,1,1,"o",0,5,"no JSON",[{},"a",5],["b"],[[]],["x",1,{},2,null]]';
  await redis.hset(await keyOf("groups"), BOOM.fingerprint, odd);
  expect((await listGroups(context)).groups).toMatchObject([{ runs: 1, tasks: ["a"], versions: [], changedBy: null }]);
  await failOne(context, session);
  expect(await groupOf(context)).toMatchObject({ runs: 2, message: "boom", tasks: ["work", "a"] });
  expect((await groupOf(context)).hours.map(({ count }) => count)).toEqual([1]);
});

it("a group in one of its keys only is written anew with the next failure", async () => {
  const session = await context.session();
  await failOne(context, session);
  await redis.unlink(await keyOf("groups"));
  expect((await listGroups(context)).groups).toEqual([]);
  await failOne(context, session);
  await redis.unlink(await keyOf("group_order"));
  await failOne(context, session);
  expect((await listGroups(context)).groups).toMatchObject([{ runs: 2 }]);
});
