// Which code ran a job, as an application says it: of its connection and of its tasks.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connect, InvalidInput, task, type Longshore } from "longshore";

let longshore: Longshore | null = null;

beforeEach(() => {
  vi.stubEnv("LONGSHORE_APP_VERSION", "");
  vi.stubEnv("LONGSHORE_ENVIRONMENT", "");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await longshore?.close();
  longshore = null;
});

const scan = task("scan", { version: "3", label: "Page scan", resultUrl: "/scans/{id}" }, () => "done");

describe("what a connection and its tasks say of their code", () => {
  it("is in the job, in each of its runs and in the list of workers", async () => {
    longshore = await connect("memory:", { appVersion: "2.1.0", environment: "production" });
    await longshore.worker([scan]).ready();
    const job = await longshore.enqueue(scan, {});
    await job.result();

    const by = { appVersion: "2.1.0", environment: "production", version: "3" };
    expect(await job.refresh()).toMatchObject({ ...by, history: [{ ...by, outcome: "completed" }] });
    expect(await longshore.workers()).toMatchObject([
      {
        appVersion: "2.1.0",
        environment: "production",
        tasks: [{ name: "scan", version: "3", label: "Page scan", resultUrl: "/scans/{id}" }],
      },
    ]);
  });

  it("comes from the environment where the options do not say it", async () => {
    vi.stubEnv("LONGSHORE_APP_VERSION", "sha-1");
    vi.stubEnv("LONGSHORE_ENVIRONMENT", "staging");
    longshore = await connect("memory:", { environment: "canary" });
    await longshore.worker([scan]).ready();
    expect(await longshore.workers()).toMatchObject([{ appVersion: "sha-1", environment: "canary" }]);
  });

  it("is nothing where it is not said", async () => {
    const plain = task("plain", () => 1);
    longshore = await connect("memory:");
    await longshore.worker([plain]).ready();
    const job = await longshore.enqueue(plain, {});
    await job.result();
    const nothing = { appVersion: null, environment: null, version: null };
    expect(await job.refresh()).toMatchObject({ ...nothing, history: [nothing] });
    expect((await longshore.workers())[0]?.session).toMatch(/^[^/]+\/[A-Za-z0-9_-]{8}$/);
  });
});

describe("what cannot be said", () => {
  it.each(["", "x".repeat(101), "a\nb", 7])("is the version %j", async (version) => {
    await expect(connect("memory:", { appVersion: version as string })).rejects.toThrow("appVersion");
    await expect(connect("memory:", { environment: version as string })).rejects.toThrow("environment");
    expect(() => task("t", { version: version as string })).toThrow("version");
    expect(() => task("t", { label: version as string })).toThrow("label");
  });

  it("are more versions than a queue can remember", async () => {
    longshore = await connect("memory:");
    const tasks = Array.from({ length: 100 }, (_none, n) => task(`task-${n}`, { version: "x".repeat(90) }, () => n));
    const make = (): unknown => longshore?.worker(tasks);
    expect(make).toThrow(InvalidInput);
    expect(make).toThrow(/^tasks: .* is not allowed: versions that take at most 8192 bytes/);
  });

  it("are more tasks than a worker can describe", async () => {
    longshore = await connect("memory:");
    const tasks = Array.from({ length: 1_000 }, (_none, n) => task(`task-${n}`, { label: "x".repeat(100) }, () => n));
    const make = (): unknown => longshore?.worker(tasks);
    expect(make).toThrow(InvalidInput);
    expect(make).toThrow(/^tasks: .* is not allowed: .* at most 131072 bytes of JSON/);
  });
});
