// Workers whose Node was started with options of its own: their children start all the same.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { folder } from "./child-fixture.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const program = `
  const { connect, module, task } = await import("longshore");
  const longshore = await connect("memory:");
  for (const runner of ["thread", "process"]) {
    const who = task(runner, { runner, attempts: 1 }, module("./handlers.mjs#who"));
    const worker = longshore.worker([who], { queues: [runner], tasksRoots: [${JSON.stringify(folder)}] });
    const job = await longshore.enqueue(who, null, { queue: runner });
    console.log(String(await job.result()).split(" ")[0]);
    await worker.stop();
  }
  await longshore.close();
`;

it.each([
  ["a heap of its own", ["--max-old-space-size=300"]],
  ["a debugger", ["--inspect=0", "--no-warnings"]],
  ["V8 options", ["--expose-gc"]],
  ["modules loaded first", ["--import", "./test/worker/runners/handlers.mjs"]],
])("a worker started with %s and its program on the command line", async (_what, options) => {
  const args = [...options, "--input-type=module", "--eval", program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });

  expect(stdout).toBe("thread\nprocess\n");
});
