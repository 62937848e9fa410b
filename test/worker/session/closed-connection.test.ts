// A worker that was stopped, and whose connection was closed after that, has nothing to report.
import { expect, it } from "vitest";
import { setImmediate as turn } from "node:timers/promises";
import { task } from "longshore";
import { onEveryEngine } from "../fixtures/on-engines.js";

const plain = task("plain", () => 1);

onEveryEngine("a worker that was stopped just after it began", (storage) => {
  it("does not report that its connection is closed", async () => {
    const warnings: string[] = [];
    const listen = ({ name, message }: Error): void => void (name === "LongshoreWarning" && warnings.push(message));
    process.on("warning", listen);
    const longshore = await storage.attach((engine) => engine);
    for (let start = 0; start < 5; start += 1) {
      const worker = longshore.worker([plain]);
      await worker.ready();
      await worker.stop();
    }
    await longshore.close();
    for (let passed = 0; passed < 10; passed += 1) await turn();
    process.off("warning", listen);

    expect(warnings).toEqual([]);
  });
});
