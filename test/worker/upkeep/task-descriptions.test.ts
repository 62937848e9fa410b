// What people call a task and where they see its results is known when no worker of it is there.
import { expect, it } from "vitest";
import { task, type Engine, type Longshore } from "longshore";
import { onEveryEngine } from "../fixtures/on-engines.js";
import { withCommands } from "../fixtures/fake-time-fixture.js";

const named = task("scan", { label: "Page scan", resultUrl: "/scans/{id}" }, () => 1);
const renamed = task("scan", { label: "Site scan" }, () => 1);
const bare = task("scan", () => 1);
const mail = task("mail", { label: "Mail" }, () => 1);
const plain = task("plain", () => 1);

async function runWorker(longshore: Longshore, ...tasks: Parameters<Longshore["worker"]>[0]): Promise<void> {
  const worker = longshore.worker(tasks);
  await worker.ready();
  await worker.stop();
}

onEveryEngine("the descriptions of tasks", (storage) => {
  it("are those of the worker that started last, by the name of the task", async () => {
    const longshore = await storage.connect();
    expect(await longshore.tasks()).toEqual([]);
    await runWorker(longshore, named, plain, mail);
    expect(await longshore.workers()).toEqual([]);
    expect(await longshore.tasks()).toEqual([
      { name: "mail", label: "Mail", resultUrl: null },
      { name: "scan", label: "Page scan", resultUrl: "/scans/{id}" },
    ]);

    await runWorker(longshore, renamed, mail);
    expect(await longshore.tasks()).toEqual([
      { name: "mail", label: "Mail", resultUrl: null },
      { name: "scan", label: "Site scan", resultUrl: null },
    ]);

    await runWorker(longshore, bare, mail);
    expect(await longshore.tasks()).toEqual([{ name: "mail", label: "Mail", resultUrl: null }]);
  });

  it("are written only where they differ, and cost nothing where there are none", async () => {
    const sent: string[] = [];
    const counting = (engine: Engine): Engine =>
      withCommands(engine, {
        getDocuments: (params) => {
          sent.push("read");
          return engine.getDocuments(params);
        },
        putDocument: (params) => {
          sent.push(`put ${params.id}`);
          return engine.putDocument(params);
        },
      });
    const longshore = await storage.attach(counting);
    await runWorker(longshore, plain);
    expect(sent).toEqual([]);
    await runWorker(longshore, named, plain);
    await runWorker(longshore, named, plain);
    expect(sent).toEqual(["read", "put scan", "read"]);
  });
});
