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
      { name: "mail", label: "Mail", resultUrl: null, redact: [] },
      { name: "scan", label: "Page scan", resultUrl: "/scans/{id}", redact: [] },
    ]);

    await runWorker(longshore, renamed, mail);
    expect(await longshore.tasks()).toEqual([
      { name: "mail", label: "Mail", resultUrl: null, redact: [] },
      { name: "scan", label: "Site scan", resultUrl: null, redact: [] },
    ]);

    await runWorker(longshore, bare, mail);
    expect(await longshore.tasks()).toEqual([{ name: "mail", label: "Mail", resultUrl: null, redact: [] }]);
  });

  it("say what of its jobs is secret, as long as a worker says so", async () => {
    const longshore = await storage.connect();
    const secretive = task("pay", { redact: ["input.iban", "result.*.card", "input.iban"] }, () => 1);
    await runWorker(longshore, secretive);
    const redact = ["input.iban", "result.*.card"];
    expect(await longshore.tasks()).toEqual([{ name: "pay", label: null, resultUrl: null, redact }]);
    await runWorker(
      longshore,
      task("pay", { label: "Pay" }, () => 1),
    );
    expect(await longshore.tasks()).toEqual([{ name: "pay", label: "Pay", resultUrl: null, redact: [] }]);
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
