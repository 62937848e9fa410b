// `longshore up` with workers in processes of their own: several of them, and those that follow their code.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { connect } from "longshore";
import { tasksFile } from "../cli/command.js";
import { flagsFor, Serving } from "../cli/server-command.js";
import { onBothEngines, type ProcessStorage } from "./storage-fixture.js";

const ready = (server: Serving) => async (): Promise<number> => (await server.get("/readyz")).status;

onBothEngines("longshore up --workers", (open) => {
  it("runs jobs in so many processes, replaces one that is killed, and drains them all", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const gate = join(storage.folder, "may end");
    const server = new Serving([
      ...["up", "--workers", "2", "--tasks", tasksFile, "--port", "0", "--concurrency", "1", "--lease", "1s"],
      ...flagsFor(storage.target),
    ]);
    await expect.poll(ready(server)).toBe(200);
    await expect.poll(() => longshore.workers()).toHaveLength(2);
    const ids: string[] = [];
    for (let n = 0; n < 2; n += 1) {
      ids.push((await server.post("/api/jobs", { task: "hold", input: { until: gate } })).body.jobId);
    }
    const pids = (await longshore.workers()).map(({ pid }) => pid);
    expect(pids).not.toContain(server.child.pid);
    await expect.poll(() => server.said(/Job started/)).toHaveLength(2);
    process.kill(pids[0] ?? Number.NaN, "SIGKILL");
    await server.prints(/Worker died/);
    await expect.poll(() => server.said(/Job started/)).toHaveLength(3);
    server.signal("SIGTERM");
    await server.prints(/Pool stopping/);
    expect(await server.get("/healthz")).toMatchObject({ status: 200 });
    writeFileSync(gate, "");
    expect((await server.ended).code).toBe(0);
    for (const id of ids) expect(await (await longshore.job(id))?.refresh()).toMatchObject({ state: "completed" });
  });

  it("killed, its workers end their jobs and go", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const gate = join(storage.folder, "may end");
    const server = new Serving([
      ...["up", "--workers", "2", "--tasks", tasksFile, "--port", "0"],
      ...flagsFor(storage.target),
    ]);
    const { body } = await server.post("/api/jobs", { task: "hold", input: { until: gate } });
    await server.prints(/Job started/);
    server.signal("SIGKILL");
    writeFileSync(gate, "");
    await expect.poll(async () => (await (await longshore.job(body.jobId))?.refresh())?.state).toBe("completed");
    await expect.poll(() => longshore.workers()).toEqual([]);
  });
});

/** An application: a task that says which version of its code ran, with a part of it in a file of its own. */
class App {
  readonly folder: string;

  constructor(folder: string) {
    // Where the package is found by its name.
    this.folder = join(import.meta.dirname, "../../build", `watched-${folder.split("/").at(-1)}`);
    mkdirSync(this.folder, { recursive: true });
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
    this.says("first");
    this.takes("url");
  }

  /** The part: what its jobs answer. */
  says(text: string): void {
    this.write("part.mjs", `export const answer = ${JSON.stringify(text)};`);
  }

  /** The task file: the field that inputs must have. */
  takes(field: string): void {
    this.write(
      "tasks.mjs",
      `import { task } from "longshore";
       import { existsSync } from "node:fs";
       import { setTimeout as sleep } from "node:timers/promises";
       import { answer } from "./part.mjs";
       const input = { "~standard": { version: 1, vendor: "test", validate: (value) =>
         value?.${field} === undefined ? { issues: [{ message: "is missing", path: [${JSON.stringify(field)}] }] } : { value } } };
       export default [task("say", { input, queue: "says" }, async ({ input: { until }, signal }) => {
         while (until !== undefined && !existsSync(until)) await sleep(10, undefined, { signal });
         return answer;
       })];`,
    );
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  up(storage: ProcessStorage, ...more: string[]): Serving {
    return new Serving(["up", "--watch", "--tasks", "tasks.mjs", "--port", "0", ...flagsFor(storage.target), ...more], {
      cwd: this.folder,
    });
  }
}

async function answerOf(server: Serving, input: unknown = { url: "a" }): Promise<unknown> {
  const { body } = await server.post("/api/jobs", { task: "say", input });
  return (await server.get(`/api/jobs/${body.jobId}/result?wait=30s`)).body.result;
}

onBothEngines("longshore up --watch", (open) => {
  it("runs the code as it is now, of a file that the tasks import too, on the same store and at the same address", async () => {
    const storage = await open();
    const app = new App(storage.folder);
    const server = app.up(storage);
    expect(await answerOf(server)).toBe("first");
    app.says("second");
    await server.prints(/Pool restarted/);
    expect(server.said(/Code changed/)).toMatchObject([{ files: [join(app.folder, "part.mjs")] }]);
    expect(await answerOf(server)).toBe("second");
    server.signal("SIGTERM");
    expect((await server.ended).code).toBe(0);
    expect(server.said(/Worker died/)).toEqual([]);
  });

  it("checks inputs by the schema as it is now", async () => {
    const storage = await open();
    const app = new App(storage.folder);
    const server = app.up(storage);
    await expect.poll(ready(server)).toBe(200);
    const refused = await server.post("/api/jobs", { task: "say", input: { page: "a" } });
    expect(refused).toMatchObject({ status: 400, body: { field: "input.url", rule: "is missing" } });
    app.takes("page");
    await server.prints(/Pool restarted/);
    expect(await answerOf(server, { page: "a" })).toBe("first");
  });

  it("with a syntax error says where it is, goes on with the code before, and takes the next that is right", async () => {
    const storage = await open();
    const app = new App(storage.folder);
    const server = app.up(storage);
    expect(await answerOf(server)).toBe("first");
    app.write("part.mjs", "export const answer = ;");
    await server.prints(/cannot be loaded/);
    expect(server.said(/Code changed|cannot be loaded/)).toMatchObject([
      { files: [join(app.folder, "part.mjs")] },
      {
        level: "error",
        at: `${join(app.folder, "part.mjs")}:1`,
        error: { message: expect.stringMatching(/cannot load .*tasks\.mjs: Unexpected token/) },
      },
    ]);
    expect(await answerOf(server)).toBe("first");
    app.says("second");
    await server.prints(/Pool restarted/);
    expect(await answerOf(server)).toBe("second");
  });

  it("started with a mistake the server is up and not ready, and is once the code is right", async () => {
    const storage = await open();
    const app = new App(storage.folder);
    app.write("tasks.mjs", "export const answer = 1;");
    const server = app.up(storage);
    await server.prints(/cannot be loaded; no worker runs/);
    expect(await server.get("/healthz")).toMatchObject({ status: 200 });
    expect(await server.get("/readyz")).toMatchObject({ status: 503 });
    app.takes("url");
    await expect.poll(ready(server)).toBe(200);
    expect(await answerOf(server)).toBe("first");
  });

  it("gives a running job its grace and hands it back uncounted, and the new code runs it", async () => {
    const storage = await open();
    const app = new App(storage.folder);
    const gate = join(storage.folder, "may end");
    const server = app.up(storage, "--grace", "50ms");
    const { body } = await server.post("/api/jobs", { task: "say", input: { url: "a", until: gate } });
    await server.prints(/Job started/);
    app.says("second");
    await server.prints(/Job returned[^]*Pool restarted/);
    writeFileSync(gate, "");
    const { body: ended } = await server.get(`/api/jobs/${body.jobId}/result?wait=30s`);
    expect(ended.result).toBe("second");
    const longshore = await connect(storage.target);
    onTestFinished(() => longshore.close());
    expect(await (await longshore.job(body.jobId))?.refresh()).toMatchObject({ attempt: 1, crashes: 0 });
  });
});
