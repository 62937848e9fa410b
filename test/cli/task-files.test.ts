// Task files as they are loaded: one that goes on loading is named.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { loadTasks } from "../../src/cli/tasks/task-files.js";
import { emptyFolder, removeFolder } from "./command.js";

const finish = (): unknown => Reflect.get(globalThis, "finish");

test("one that takes ten seconds is named, and loaded all the same", async () => {
  const folder = await emptyFolder();
  onTestFinished(() => removeFolder(folder));
  const code = `
    await new Promise((resolve) => { globalThis.finish = resolve; });
    export const scan = { name: "scan", queue: "scans", defaults: {}, schema: null, runner: null, handler: () => {} };`;
  await writeFile(join(folder, "tasks.mjs"), code);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  onTestFinished(() => {
    vi.useRealTimers();
    said.mockRestore();
  });
  const loading = loadTasks(["tasks.mjs"], folder);
  vi.advanceTimersByTime(9_999);
  expect(said).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(said.mock.calls.flat()).toEqual([expect.stringContaining("warning: tasks.mjs is still loading after 10 s")]);
  while (typeof finish() !== "function") await new Promise((resolve) => setImmediate(resolve));
  (finish() as () => void)();
  expect((await loading).map(({ name }) => name)).toEqual(["scan"]);
});
