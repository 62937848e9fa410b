// How long children live: used again, replaced when worn out or stale, closed when no job needs them.
import { mkdtemp, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { connect, module, task, type Longshore, type TaskOptions } from "longshore";
import { FakeTimeFixture } from "../fixtures/fake-time-fixture.js";
import { ChildFixture, CHILD_RUNNERS, folder } from "./child-fixture.js";

/** Where jobs ran, one after the other. */
async function places(fixture: ChildFixture, count: number, name = "who"): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (let i = 0; i < count; i += 1) seen.push((await fixture.run(name, 50)).result);
  return seen;
}

describe.each(CHILD_RUNNERS)("a %s", (runner) => {
  it("runs one job after another", async () => {
    const fixture = await ChildFixture.open({ who: { runner } });

    expect(new Set(await places(fixture, 5)).size).toBe(1);
  });

  it("runs one job at a time: there are as many as jobs run", async () => {
    const fixture = await ChildFixture.open({ pause: { runner } }, { concurrency: 3 });
    const jobs = await Promise.all(Array.from({ length: 9 }, () => fixture.enqueue("pause", 100)));
    const seen = await Promise.all(jobs.map((job) => job.result()));

    expect(new Set(seen).size).toBe(3);
  });

  it("is replaced after maxJobsPerChild jobs", async () => {
    const fixture = await ChildFixture.open({ who: { runner, maxJobsPerChild: 2 } });
    const seen = await places(fixture, 6);

    expect(seen.map((place, index) => place === seen[index - 1])).toEqual([false, true, false, true, false, true]);
    expect(new Set(seen).size).toBe(3);
  });

  it("runs a single job when maxJobsPerChild is 1, with module state of its own", async () => {
    const fixture = await ChildFixture.open({ who: { runner, maxJobsPerChild: 1 } });

    expect(new Set(await places(fixture, 4)).size).toBe(4);
  });

  it("is shared by tasks that ask for the same, and by no others", async () => {
    const other = { runner, maxMemory: "256MB" } as const;
    const tasks = { who: { runner }, pause: { runner }, current: other };
    const fixture = await ChildFixture.open(tasks, { currentJob: true }, "longshore-handlers.mjs");
    const [first] = await places(fixture, 1, "who");
    const [second] = await places(fixture, 1, "pause");

    expect(second).toBe(first);
    expect(await fixture.run("current")).toMatchObject({ state: "completed" });
  });

  it("makes room for another kind when there are as many as jobs run", async () => {
    const other = { runner, maxMemory: "256MB" } as const;
    const fixture = await ChildFixture.open({ who: { runner }, pause: other }, { concurrency: 1 });
    const [first] = await places(fixture, 1, "who");
    await places(fixture, 1, "pause");

    expect(await places(fixture, 1, "who")).not.toEqual([first]);
  });
});

/** Modules that tests rewrite, in a folder of their own. */
class Code {
  readonly folder: string;

  static async make(): Promise<Code> {
    const folder = await mkdtemp(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-code-`));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    return new Code(folder);
  }

  private constructor(folder: string) {
    this.folder = folder;
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(join(this.folder, name), text);
  }

  async worker(options: TaskOptions, root = this.folder): Promise<Longshore> {
    const longshore = await connect("memory:");
    onTestFinished(() => longshore.close());
    longshore.worker([task("run", options, module("./main.mjs#run"))], { tasksRoots: [root], grace: 0 });
    return longshore;
  }
}

const run = async (longshore: Longshore): Promise<unknown> =>
  (await longshore.enqueue("run", null, { attempts: 1 })).result();

const MAIN = `
  import { isMainThread, threadId } from "node:worker_threads";
  import { name } from "./imported.mjs";
  import required from "./required.cjs";
  let runs = 0;
  export const run = async () => {
    const { late } = await import("./late.mjs");
    return [process.pid + ":" + threadId, "MAIN", name, required.name, required.deep, late, (runs += 1)].join(" ");
  };
`;

describe.each(CHILD_RUNNERS)("fresh code in a %s", (runner) => {
  async function open(options: TaskOptions = { runner, fresh: true }): Promise<[Code, Longshore]> {
    const code = await Code.make();
    await code.write("main.mjs", MAIN);
    await code.write("imported.mjs", `export const name = "imported";`);
    await code.write("required.cjs", `exports.name = "required"; exports.deep = require("./deep.cjs");`);
    await code.write("deep.cjs", `module.exports = "deep";`);
    await code.write("late.mjs", `export const late = "late";`);
    await sleep(100);
    return [code, await code.worker(options)];
  }

  it("is what is on disk when the job begins, whatever file of it was rewritten", async () => {
    const [code, longshore] = await open();
    const [child, ...said] = String(await run(longshore)).split(" ");
    expect(said).toEqual(["MAIN", "imported", "required", "deep", "late", "1"]);

    // As long as nothing changes it is loaded once.
    expect(String(await run(longshore)).split(" ")).toEqual([
      child,
      "MAIN",
      "imported",
      "required",
      "deep",
      "late",
      "2",
    ]);
    await code.write("imported.mjs", `export const name = "IMPORTED";`);
    expect(await run(longshore)).toMatch(/ MAIN IMPORTED required deep late 1$/);
    await code.write("required.cjs", `exports.name = "REQUIRED"; exports.deep = require("./deep.cjs");`);
    expect(await run(longshore)).toMatch(/ MAIN IMPORTED REQUIRED deep late 1$/);
    await code.write("deep.cjs", `module.exports = "DEEP";`);
    expect(await run(longshore)).toMatch(/ MAIN IMPORTED REQUIRED DEEP late 1$/);
    await code.write("late.mjs", `export const late = "LATE";`);
    expect(await run(longshore)).toMatch(/ MAIN IMPORTED REQUIRED DEEP LATE 1$/);
    await code.write("main.mjs", MAIN.replace('"MAIN"', '"main"'));
    expect(await run(longshore)).toMatch(/ main IMPORTED REQUIRED DEEP LATE 1$/);
  });

  it("is loaded anew when it was written so shortly before that a later write could have the same time", async () => {
    const [code, longshore] = await open();
    const late = JSON.stringify(join(code.folder, "late.mjs"));
    const writes = `writeFileSync(${late}, "export const late = 'hot';");`;
    await code.write(
      "main.mjs",
      `import { writeFileSync } from "node:fs"; ${MAIN.replace("const {", `${writes} const {`)}`,
    );
    const said = [await run(longshore), await run(longshore)].map((line) => String(line).split(" "));

    expect(said.map(([, , , , , late]) => late)).toEqual(["hot", "hot"]);
    expect(said[1]?.[0]).not.toBe(said[0]?.[0]);
  });

  it("is seen though the file's times and size are what they were", async () => {
    const [code, longshore] = await open();
    const times = new Date("2026-01-01");
    await utimes(join(code.folder, "imported.mjs"), times, times);
    await sleep(100);
    await run(longshore);
    await code.write("imported.mjs", `export const name = "IMPORTED";`);
    await utimes(join(code.folder, "imported.mjs"), times, times);

    expect(await run(longshore)).toContain(" IMPORTED ");
  });

  it("is repaired code, after code that could not be loaded", async () => {
    const [code, longshore] = await open();
    await run(longshore);
    await code.write("imported.mjs", `export const name = ;`);
    await expect(run(longshore)).rejects.toThrow("Unexpected token");
    await code.write("imported.mjs", `export const name = "mended";`);

    expect(await run(longshore)).toContain(" mended ");
  });

  it("is that of the folder to which a link leads now", async () => {
    const [code] = await open();
    const releases = await Code.make();
    const link = join(releases.folder, "current");
    await symlink(code.folder, link);
    const longshore = await code.worker({ runner, fresh: true }, link);
    expect(await run(longshore)).toContain(" imported ");
    const next = await Code.make();
    await next.write("main.mjs", `export const run = () => "the next release";`);
    await symlink(next.folder, `${link}.new`);
    await rename(`${link}.new`, link);

    expect(await run(longshore)).toBe("the next release");
  });

  it("is not asked for unless a task says so", async () => {
    const [code, longshore] = await open({ runner });
    await run(longshore);
    await code.write("imported.mjs", `export const name = "IMPORTED";`);

    expect(await run(longshore)).toMatch(/ imported .* 2$/);
  });
});

describe("a child that is idle", () => {
  it("is closed after a minute", async () => {
    const fixture = new FakeTimeFixture();
    onTestFinished(() => stop());
    const who = task("who", { runner: "thread" }, module<() => string>("./handlers.mjs#who"));
    const worker = fixture.longshore.worker([who], { tasksRoots: [folder] });
    const stop = async (): Promise<void> => {
      const stopped = worker.stop();
      await fixture.pass(1_000);
      await stopped;
    };
    const place = async (): Promise<string> => {
      const job = await fixture.longshore.enqueue(who, null);
      let snapshot = await job.refresh();
      while (snapshot.state !== "completed") {
        await sleep(10);
        await fixture.pass(100);
        snapshot = await job.refresh();
      }
      return String(snapshot.result);
    };
    const first = await place();
    await fixture.pass(50_000, 1_000);
    expect(await place()).toBe(first);
    await fixture.pass(60_000, 1_000);
    await sleep(500);

    expect(await place()).not.toBe(first);
  });
});
