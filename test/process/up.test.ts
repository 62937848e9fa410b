// `longshore up` as people run it: one process that serves and runs jobs, beside others, and through signals and deaths.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { tasksFile } from "../cli/command.js";
import { flagsFor, Serving } from "../cli/server-command.js";
import { onBothEngines, type ProcessStorage } from "./storage-fixture.js";

const up = (storage: ProcessStorage, ...more: string[]): Serving =>
  new Serving(["up", "--tasks", tasksFile, "--port", "0", ...flagsFor(storage.target), ...more]);

const hold = (until: string) => ({ task: "hold", input: { until } });

onBothEngines("longshore up", (open) => {
  it("serves, and runs a posted job in the queue of its task to its end", async () => {
    const server = up(await open());
    const { status, body } = await server.post("/api/jobs", { task: "scan", input: { url: "https://a.example" } });
    expect([status, body]).toMatchObject([202, { jobId: expect.any(String), status: "queued", queue: "scans" }]);
    const result = await server.get(`/api/jobs/${body.jobId}/result?wait=30s`);
    expect(result).toMatchObject({ status: 200, body: { result: { length: 17 } } });
    expect(await server.get("/readyz")).toMatchObject({ status: 200 });
    server.signal("SIGINT");
    expect((await server.ended).code).toBe(0);
  });

  it("SIGTERM: the running job ends while the server still answers, the next is left, and it exits with 0", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const gate = join(storage.folder, "may end");
    const server = up(storage, "--concurrency", "1", "--grace", "1h");
    const running = await server.post("/api/jobs", hold(gate));
    await server.prints(/Job started/);
    const waiting = await server.post("/api/jobs", hold(gate));
    server.signal("SIGTERM");
    await server.prints(/signal again to skip the wait/);
    const answer = await server.get(`/api/jobs/${running.body.jobId}`);
    expect(answer).toMatchObject({ status: 200, body: { state: "active" } });
    writeFileSync(gate, "");
    expect((await server.ended).code).toBe(0);
    for (const [{ body }, state] of [
      [running, "completed"],
      [waiting, "queued"],
    ] as const) {
      expect(await (await longshore.job(body.jobId))?.refresh()).toMatchObject({ state });
    }
    expect(await longshore.workers()).toEqual([]);
  });

  it("SIGTERM past its grace: the job goes back uncounted", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const server = up(storage, "--grace", "50ms");
    const { body } = await server.post("/api/jobs", hold(join(storage.folder, "never")));
    await server.prints(/Job started/);
    server.signal("SIGTERM");
    expect((await server.ended).code).toBe(0);
    expect(await (await longshore.job(body.jobId))?.refresh()).toMatchObject({
      state: "queued",
      attempt: 0,
      crashes: 0,
    });
  });

  it("a second signal skips the wait", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const server = up(storage, "--grace", "1h");
    const { body } = await server.post("/api/jobs", hold(join(storage.folder, "never")));
    await server.prints(/Job started/);
    server.signal("SIGINT");
    await server.prints(/signal again/);
    // Signals closer together are one: npm and the terminal may both pass a Ctrl-C on.
    await sleep(400);
    server.signal("SIGINT");
    expect((await server.ended).code).toBe(0);
    expect(await (await longshore.job(body.jobId))?.refresh()).toMatchObject({ state: "queued", attempt: 0 });
  });

  it("those who wait for the result of the last job get it, and open streams end, before it exits", async () => {
    const storage = await open();
    const gate = join(storage.folder, "may end");
    const server = up(storage, "--grace", "1h");
    const { body } = await server.post("/api/jobs", hold(gate));
    await server.prints(/Job started/);
    const stream = await fetch(`${await server.url()}/api/events?topics=overview`);
    const result = server.get(`/api/jobs/${body.jobId}/result?wait=60s`);
    server.signal("SIGTERM");
    await server.prints(/signal again/);
    writeFileSync(gate, "");
    expect(await result).toMatchObject({ status: 200, body: { state: "completed" } });
    expect(await stream.text()).toContain("event: snapshot");
    expect((await server.ended).code).toBe(0);
  });

  it("killed in the middle of a job and started again: the job goes on, and what waited runs", async () => {
    const storage = await open();
    const gate = join(storage.folder, "may end");
    const first = up(storage, "--lease", "1s", "--concurrency", "1");
    const { body } = await first.post("/api/jobs", hold(gate));
    await first.prints(/Job started/);
    const waiting = await first.post("/api/jobs", { task: "scan", input: { url: "a" } });
    first.signal("SIGKILL");
    await first.ended;
    const second = up(storage, "--lease", "1s");
    writeFileSync(gate, "");
    for (const { jobId } of [body, waiting.body]) {
      await second.get(`/api/jobs/${jobId}/result?wait=30s`);
      expect(await second.get(`/api/jobs/${jobId}`)).toMatchObject({ body: { state: "completed" } });
    }
  });

  it("a second one on another port, and a worker of another process, share its jobs", async () => {
    const storage = await open();
    const gate = join(storage.folder, "may end");
    const servers = [up(storage, "--concurrency", "1"), up(storage, "--concurrency", "1")];
    const worker = new Serving([
      ...["worker", "--tasks", tasksFile, "--concurrency", "1"],
      ...flagsFor(storage.target),
    ]);
    const all = [...servers, worker];
    for (const each of all) await each.prints(/Worker started/);
    const [first, second] = servers as [Serving, Serving];
    expect(await first.url()).not.toBe(await second.url());
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) ids.push((await first.post("/api/jobs", hold(gate))).body.jobId);
    for (const each of all) await each.prints(/Job started/);
    writeFileSync(gate, "");
    for (const id of ids) {
      await second.get(`/api/jobs/${id}/result?wait=30s`);
      expect(await second.get(`/api/jobs/${id}`)).toMatchObject({ body: { state: "completed" } });
    }
  });
});
