// The clean-up of scans: scans beyond their age are removed with their pages and folders, and nothing else is.

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { cleanupName, cleanupTask, removeExpired, scheduleCleanup } from "../../../examples/site-scan/cleanup.js";
import { pageScanTask } from "../../../examples/site-scan/page-scan.js";
import { folderOf, scanTask } from "../../../examples/site-scan/scan.js";
import { scanSteps } from "../../../examples/site-scan/scan-steps.js";
import { makeGate } from "../../worker/fixtures/gate.js";
import { FakeTimeFixture } from "../../worker/fixtures/fake-time-fixture.js";

const hour = 3_600_000;
const { signal } = new AbortController();

let folder: string;
let fixture: FakeTimeFixture;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "site-scan-"));
  fixture = new FakeTimeFixture();
});
afterEach(async () => {
  await Promise.all([fixture.longshore.close(), fixture.pass(2_000)]);
  await rm(folder, { recursive: true });
});

/** Enqueues a scan as of now, with a page and a folder. */
async function leave(id: string): Promise<void> {
  await fixture.longshore.enqueue(scanTask({ folder }), { url: "https://a.example/" }, { id });
  await fixture.longshore.enqueue(
    pageScanTask({ folder }),
    { scan: id, url: "https://a.example/b" },
    { id: `${id}.p` },
  );
  await folderOf({ folder }, id).write("page-1.html", "<p>");
  await touch(folderOf({ folder }, id).path);
}

async function touch(path: string): Promise<void> {
  const now = new Date(fixture.clock.now());
  await utimes(path, now, now);
}

async function left(): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of fixture.longshore.jobs()) ids.push(id);
  return ids.toSorted();
}

const isThere = (id: string): boolean => existsSync(folderOf({ folder }, id).path);

test("scans of before a time are removed with their pages and folders, younger ones stay", async () => {
  await leave("old");
  await fixture.pass(hour, hour);
  await leave("young");
  const before = new Date(fixture.clock.now());
  const removed = await removeExpired({ longshore: fixture.longshore, folder }, { before, signal });
  expect(removed).toEqual({ jobs: 2, folders: 1 });
  expect(await left()).toEqual(["young", "young.p"]);
  expect([isThere("old"), isThere("young")]).toEqual([false, true]);
});

test("a scan that is running stays, and so does its folder", async () => {
  const gate = makeGate();
  await leave("running");
  const steps = { crawl: () => gate.opened.then(() => Promise.reject(new Error("enough"))) };
  fixture.longshore.worker([scanTask({ folder, steps: { ...scanSteps, ...steps } })]);
  await fixture.pass(1_000);
  expect((await (await fixture.longshore.job("running"))?.refresh())?.state).toBe("active");
  const before = new Date(fixture.clock.now() + hour);
  expect(await removeExpired({ longshore: fixture.longshore, folder }, { before, signal })).toEqual({
    jobs: 1,
    folders: 0,
  });
  expect(await left()).toEqual(["running"]);
  expect(isThere("running")).toBe(true);
  gate.open();
});

test("a folder whose scan is gone is removed once it is old; what is none of a scan is left alone", async () => {
  await folderOf({ folder }, "orphan").write("report.md", "#");
  await touch(folderOf({ folder }, "orphan").path);
  await mkdir(join(folder, "notes"));
  await writeFile(join(folder, "scan-"), "");
  for (const name of ["notes", "scan-"]) await utimes(join(folder, name), 0, 0);
  const cleaning = { longshore: fixture.longshore, folder };
  const now = fixture.clock.now();
  expect(await removeExpired(cleaning, { before: new Date(now), signal })).toEqual({ jobs: 0, folders: 0 });
  expect(await removeExpired(cleaning, { before: new Date(now + 1), signal })).toEqual({ jobs: 0, folders: 1 });
  expect([isThere("orphan"), existsSync(join(folder, "notes")), existsSync(join(folder, "scan-"))]).toEqual([
    ...[false, true, true],
  ]);
});

test("without any scan yet there is nothing to remove", async () => {
  const cleaning = { longshore: fixture.longshore, folder: join(folder, "none") };
  expect(await removeExpired(cleaning, { before: new Date(), signal })).toEqual({ jobs: 0, folders: 0 });
});

test("it runs at every full hour, and removes a scan at the first one after its time is over", async () => {
  const { longshore, clock } = fixture;
  const cleanup = cleanupTask({ longshore, folder }, { ttlSeconds: 2 * 3_600, now: () => clock.now() });
  await scheduleCleanup(longshore, cleanup);
  await scheduleCleanup(longshore, cleanup);
  const schedules = await longshore.schedules.list();
  expect(schedules).toMatchObject([{ name: cleanupName, catchUp: "skip", overlap: "skip" }]);
  expect(schedules[0]?.next.map((time) => time % hour)).toEqual([0, 0, 0, 0, 0]);

  longshore.worker([cleanup]);
  /** Goes on to half past the next hour, and lets the hour's clean-up end on the way. */
  const resume = async (): Promise<number> => {
    const { completed } = await longshore.tagTotals(`schedule:${cleanupName}`);
    await fixture.pass(hour - (clock.now() % hour) - 10_000, 60_000);
    await fixture.pass(11_000, 500);
    await expect.poll(async () => (await longshore.tagTotals(`schedule:${cleanupName}`)).completed).toBe(completed + 1);
    await fixture.pass(hour / 2, 60_000);
    return completed + 1;
  };
  await resume();
  await leave("scan");
  const there: [number, boolean][] = [];
  while (there.length < 4) there.push([await resume(), isThere("scan")]);
  expect(there).toEqual([
    [2, true],
    [3, true],
    [4, false],
    [5, false],
  ]);
});

test("it can be run at any time", async () => {
  const { longshore, clock } = fixture;
  const cleanup = cleanupTask({ longshore, folder }, { ttlSeconds: 1, now: () => clock.now() });
  await scheduleCleanup(longshore, cleanup);
  await leave("scan");
  await fixture.pass(2_000);
  longshore.worker([cleanup]);
  const job = await longshore.schedules.run(cleanupName);
  await fixture.pass(1_000);
  await expect.poll(async () => (await job.refresh()).state).toBe("completed");
  expect((await job.refresh()).result).toEqual({ jobs: 2, folders: 1 });
});
