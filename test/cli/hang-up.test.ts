// What becomes of running jobs when the terminal of a command is closed, or the program ends that reads its log.
import { connect } from "longshore";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { emptyFolder, removeFolder, tasksFile } from "./command.js";
import { Serving } from "./server-command.js";

let folder = "";
beforeAll(async () => {
  folder = await emptyFolder();
});
afterAll(() => removeFolder(folder));

test.each(["up", "worker"])("%s: SIGHUP lets the running job end, then it exits with 0", async (command) => {
  const gate = join(folder, `${command} hung up`);
  const url = `sqlite:${gate}.db`;
  const port = command === "up" ? ["--port", "0"] : [];
  const running = new Serving([command, "--tasks", tasksFile, "--url", url, "--grace", "1h", ...port]);
  await running.prints(/Worker started/);
  const longshore = await connect(url);
  const job = await longshore.enqueue("hold", { until: gate }, { queue: "scans" });
  await running.prints(/Job started/);
  running.signal("SIGHUP");
  await running.prints(/signal again/);
  writeFileSync(gate, "");
  expect((await running.ended).code).toBe(0);
  expect(await job.refresh()).toMatchObject({ state: "completed", attempt: 1 });
  await longshore.close();
});

test.each([
  ["up", ["--port", "0"]],
  ["up", ["--port", "0", "--workers", "1", "--watch"]],
  ["worker", []],
  ["pool", ["--workers", "1"]],
])("%s %j: when its log is read no more, the running job ends before it does", async (command, more) => {
  const gate = join(folder, `${[command, ...more].join(" ")} unread`);
  const url = `sqlite:${gate}.db`;
  const running = new Serving([command, "--tasks", tasksFile, "--url", url, "--grace", "1h", "--lease", "1s", ...more]);
  await running.prints(/Worker started/);
  const longshore = await connect(url);
  const held = await longshore.enqueue("hold", { until: gate }, { queue: "scans" });
  await running.prints(/Job started/);
  running.child.stdout.destroy();
  // The next line of the log finds its reader gone.
  await longshore.enqueue("scan", { url: "a" }, { queue: "scans" });
  await expect
    .poll(async () => (await longshore.workers())[0]?.status?.suspended, { timeout: 30_000 })
    .toContain("stopping");
  writeFileSync(gate, "");
  await running.ended;
  expect(running.child.exitCode).toBe(0);
  expect(await held.refresh()).toMatchObject({ state: "completed", attempt: 1 });
  await longshore.close();
});
