import { expect, test } from "vitest";
import { processStarter, type WorkerExit } from "../../../src/cli/pool/worker-process.js";

test("a worker that the system refuses to start has ended, for the reason the system gives", async () => {
  const start = processStarter(() => ["too long for a command line".repeat(100_000)]);
  const exit = await new Promise<WorkerExit>((ended) => {
    const worker = start("web-1", { started: () => {}, ended });
    worker.order("drain");
    worker.kill();
    expect(worker.pid).toBeUndefined();
  });
  expect(exit).toMatchObject({ code: null, signal: null, reason: null, error: { message: "spawn E2BIG" } });
});
