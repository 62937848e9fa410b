// Bulk jobs from the command line, on a SQLite file.
import { join } from "node:path";
import { connect, task, type Longshore } from "longshore";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { BULK_QUEUE } from "../../src/model/bulk/bulk.js";
import { emptyFolder, inProcess, removeFolder, type Ended } from "./command.js";

const work = task<number>("work", { queue: "work" }, () => "done");
const other = task("other", { queue: "other" }, () => "done");
let folder = "";
let url = "";
let longshore: Longshore;
let rounds = 0;

beforeAll(async () => {
  folder = await emptyFolder();
});

afterAll(() => removeFolder(folder));

beforeEach(async () => {
  rounds += 1;
  url = `sqlite:${join(folder, `${rounds}.db`)}`;
  longshore = await connect(url);
});

afterEach(() => longshore.close());

const run = (...args: string[]): Promise<Ended> => inProcess([...args, "--url", url]);

it("waits for the end, and says what came of it", async () => {
  await longshore.enqueueMany(work, [1, 2, 3], { tags: ["user:42"], delay: "1h" });
  longshore.worker([other]);
  const { stdout, code } = await run("bulk", "promote", "--tag", "user:42", "--by", "ada", "--wait");
  expect(stdout).toMatch(/^\S+ will promote 3 jobs\ndone to 3 of 3 jobs\n$/);
  expect(code).toBe(0);
  expect((await longshore.queue("work").counts()).queued).toBe(3);
});

it("says how many match before it destroys work, and needs --yes", async () => {
  await longshore.enqueueMany(work, [1, 2]);
  const refused = await run("bulk", "cancel", "--queue", "work");
  expect(refused.stderr).toContain("this would cancel 2 jobs: jobs with queue=work; confirm it with --yes");
  expect(refused.code).toBe(4);
  expect(await longshore.queues({ system: true })).toHaveLength(1);
  expect(JSON.parse((await run("bulk", "cancel", "--queue", "work", "--yes", "--json")).stdout)).toEqual({
    id: expect.any(String) as string,
    matched: 2,
    exact: true,
  });
});

it("needs a filter, or --all", async () => {
  expect(await run("bulk", "release")).toMatchObject({ code: 2, stdout: "" });
  expect(await run("bulk", "release", "--all")).toMatchObject({ code: 0 });
});

it("lists bulk jobs, and shows their queue apart from the others", async () => {
  await longshore.enqueue(work, 1);
  expect((await run("bulk", "list")).stderr).toContain("No bulk jobs.");
  await run("bulk", "release", "--all");
  expect((await run("bulk", "list")).stdout).toContain("longshore.bulk");
  const { stdout } = await run("info");
  expect(stdout).toContain(`${BULK_QUEUE}  1 queued`);
  expect(stdout).not.toContain(`queue ${BULK_QUEUE}`);
  expect((await run("jobs", "--count")).stdout).toBe("1\n");
});
