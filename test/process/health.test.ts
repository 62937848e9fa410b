// `/healthz` and `/readyz` of workers in processes of their own, through engines that stop and come back and workers that leave.
import { expect, it } from "vitest";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { tasksFile } from "../cli/command.js";
import { flagsFor, Serving } from "../cli/server-command.js";
import { onBothEngines, onOwnRedis, onOwnServers, type ProcessStorage } from "./storage-fixture.js";

/** A worker or pool that serves its health. */
class Healthy extends Serving {
  constructor(storage: ProcessStorage, ...args: string[]) {
    super([...args, "--tasks", tasksFile, "--health", "0", ...flagsFor(storage.target)]);
  }

  override async url(): Promise<string> {
    await this.prints(/"Health served".*\n/);
    return String(this.said(/Health served/)[0]?.["url"]);
  }

  readonly ready = async (): Promise<number> => (await this.get("/readyz")).status;
}

const COMMANDS = [["worker"], ["pool", "--workers", "2"]];

onBothEngines("--health", (open) => {
  it.each(COMMANDS)("%s is ready once it takes jobs, and not while it drains", async (...command) => {
    const storage = await open();
    const longshore = await storage.connect();
    const gate = join(storage.folder, "may end");
    const running = new Healthy(storage, ...command);
    expect(await running.get("/healthz")).toEqual({ status: 200, body: { status: "ok" } });
    await expect.poll(running.ready).toBe(200);
    await longshore.enqueue("hold", { until: gate }, { queue: "holds" });
    await running.prints(/Job started/);
    running.signal("SIGTERM");
    await running.prints(/stopping; signal again/i);
    await expect.poll(running.ready).toBe(503);
    expect(await running.get("/healthz")).toMatchObject({ status: 200 });
    writeFileSync(gate, "");
    expect((await running.ended).code).toBe(0);
  });
});

onOwnServers("--health", () => {
  it.each(COMMANDS)(
    "%s is not ready while Redis is gone, answers all the same, and is ready once it is back",
    async (...command) => {
      const storage = await onOwnRedis({ appendfsync: "everysec" });
      const running = new Healthy(storage, ...command);
      await expect.poll(running.ready).toBe(200);
      await storage.server?.kill();
      await expect.poll(running.ready).toBe(503);
      expect(await running.get("/healthz")).toMatchObject({ status: 200 });
      await storage.server?.start();
      await expect.poll(running.ready).toBe(200);
    },
  );
});

onOwnServers("--health of a frozen engine", () => {
  it.each(COMMANDS)("%s answers in time that it is not ready, and is ready when Redis goes on", async (...command) => {
    const storage = await onOwnRedis();
    const running = new Healthy(storage, ...command);
    await expect.poll(running.ready).toBe(200);
    storage.server?.pause();
    await expect.poll(running.ready).toBe(503);
    storage.server?.resume();
    await expect.poll(running.ready).toBe(200);
  });
});

onBothEngines("a worker that does nothing any more", (open) => {
  it("is not ready in the eyes of its pool", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const running = new Healthy(storage, "pool", "--workers", "1");
    await expect.poll(running.ready).toBe(200);
    const [worker] = await longshore.workers();
    process.kill(worker?.pid ?? Number.NaN, "SIGSTOP");
    await expect.poll(running.ready).toBe(503);
    process.kill(worker?.pid ?? Number.NaN, "SIGCONT");
    await expect.poll(running.ready).toBe(200);
  });
});
