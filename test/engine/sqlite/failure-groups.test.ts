// Failure groups in the file: bounded statements on a full queue, and rows that another hand has written.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadDriver, type Database } from "../../../src/engine/sqlite/database/driver.js";
import { decodeGroup } from "../../../src/engine/shared/failure-groups.js";
import { GROUP_HOURS, MOST_FAILURE_GROUPS, MOST_IN_GROUP } from "../../../src/model/failure/group.js";
import {
  causes,
  failAll,
  failOne,
  give,
  groupOf,
  listGroups,
} from "../../../src/engine/testkit/context/failure-helpers.js";
import { ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import type { TestSession } from "../../../src/engine/testkit/context/test-session.js";
import { sqliteStorage } from "./sqlite-storage.js";
import { planOf, StatementMeter } from "./statement-meter.js";
import { TransactionMeter } from "./transaction-meter.js";

/** An exchange of 500 failures: a row of each job, its attempt and its group, and a group dropped for it. */
const MOST_ROWS = 2_100;

let context: ScenarioContext;
let session: TestSession;
let beside: Database;

beforeEach(async () => {
  const storage = sqliteStorage();
  context = await ScenarioContext.create(storage);
  session = await context.session();
  beside = (await loadDriver())(storage.path, { timeout: 5_000 });
});

afterEach(async () => {
  beside.close();
  await context.dispose();
});

describe("a queue with as many groups as it may have", () => {
  it("changes a bounded number of rows for failures of other causes", { timeout: 60_000 }, async () => {
    const failures = causes(MOST_FAILURE_GROUPS + 500);
    await failAll(context, session, failures.slice(0, MOST_FAILURE_GROUPS));
    const meter = TransactionMeter.begin();
    try {
      await failAll(context, session, failures.slice(MOST_FAILURE_GROUPS));
      expect(Math.max(...meter.take())).toBeLessThanOrEqual(MOST_ROWS);
    } finally {
      meter.end();
    }
    const { dropped } = await listGroups(context);
    expect(dropped).toBe(500);
    expect(beside.prepare("SELECT count(*) AS n FROM failure_groups").all()).toEqual([{ n: MOST_FAILURE_GROUPS }]);
  });

  it("is listed and counted through indexes, as many rows as the page has", { timeout: 60_000 }, async () => {
    await failAll(context, session, causes(MOST_FAILURE_GROUPS));
    const meter = StatementMeter.begin();
    try {
      const { next } = await listGroups(context, { limit: 10 });
      await listGroups(context, { limit: 10, after: next, states: ["open"] });
      const { texts, rows } = meter.take();
      expect(rows).toBeLessThan(50);
      const plans = texts.map((text) => planOf(beside, text).join("; "));
      expect(plans.filter((plan) => /SCAN (?!json_each|\(subquery|e |VIRTUAL)|TEMP B-TREE/.test(plan))).toEqual([]);
      expect(plans.some((plan) => plan.includes("COVERING INDEX jobs_filed"))).toBe(true);
      expect(plans.some((plan) => plan.includes("INDEX failure_groups_seen"))).toBe(true);
    } finally {
      meter.end();
    }
  });
});

it("what is stored of a group is bounded, however long it goes on", { timeout: 60_000 }, async () => {
  session = await context.session({ ttl: 100 * 86_400_000 });
  for (let hour = 0; hour < GROUP_HOURS + 10; hour += 1) {
    await failOne(context, session, { task: `task-${hour}` });
    context.advance(3_600_000);
  }
  const [{ body } = { body: "" }] = beside.prepare("SELECT body FROM failure_groups").all() as { body: string }[];
  const stored = decodeGroup(body);
  expect(stored?.hours.size).toBe(GROUP_HOURS);
  expect([stored?.tasks.length, stored?.samples.length]).toEqual([MOST_IN_GROUP, MOST_IN_GROUP]);
});

it.each(["", "null", "{}", "[1]", '["x",1,1,"o",0]', '[1,1,1,"?",0,null,"[]",[],[],[],[]]', "[".repeat(9_000)])(
  "a group that another hand has written counts anew, and is not listed before that: %s",
  async (body) => {
    await failOne(context, session);
    beside.prepare("UPDATE failure_groups SET body = ?").run(body);
    expect((await listGroups(context)).groups).toEqual([]);
    expect(await give(context, "resolved")).toBe(null);
    await failOne(context, session);
    expect(await groupOf(context)).toMatchObject({ runs: 1, filed: 2, name: "Error" });
  },
);
