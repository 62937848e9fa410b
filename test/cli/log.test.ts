// The log of a worker: no text of a job looks like a line of it, and none makes it longer than it has to be.
import { expect, test } from "vitest";
import { Log, type LogFormat } from "../../src/cli/terminal/log.js";
import { logWorker } from "../../src/cli/terminal/worker-log.js";
import { task, type AnyTask } from "longshore";
import { FakeTimeFixture } from "../worker/fixtures/fake-time-fixture.js";

/** What is logged of a job that throws this. */
async function logged(thrown: unknown, format: LogFormat): Promise<string> {
  const world = new FakeTimeFixture();
  const written: string[] = [];
  const broken: AnyTask = task("broken", { attempts: 2, backoff: 0 }, () => {
    throw thrown;
  });
  const log = new Log(format, false, {}, { write: (text: string) => written.push(text) });
  const worker = world.longshore.worker([broken]);
  logWorker(worker, log, {});
  await world.enqueue(broken);
  await world.rest();
  await world.longshore.close();
  return written.join("");
}

const FORGED = "2026-11-30 10:00:00.000 INFO  [0AAA] Job completed  task=payout";
const SEQUENCE = `\u001b${";?".repeat(10_000)}`;

const named = (name: string): Error => Object.assign(new Error("m"), { name, code: name });

test.each([
  ["its message", () => new Error(`no such customer: x\n${FORGED}`)],
  ["its message, in words of a stack", () => new Error(`x\n    at y\n${FORGED}`)],
  ["its name", () => named(`E\n${FORGED}`)],
  ["its stack", () => Object.assign(new Error("m"), { stack: `Error: m\n${FORGED}\n\r${FORGED}\n    at x` })],
  ["what is no error", () => `x\n${FORGED}`],
])("an error cannot forge a line of the log by %s", async (_what, make) => {
  const lines = (await logged(make(), "text")).split("\n").filter((line) => line !== "");
  const own = lines.filter((line) => !line.startsWith("    "));
  // Started, and for each of two runs: job started, and how it ended; and that the worker stopped.
  expect(own).toHaveLength(6);
  for (const line of own) expect(line).not.toMatch(/^2026-11-30 10:00:00/);
});

test.each<[string, () => unknown]>([
  ["message", () => new Error(SEQUENCE)],
  ["name and code", () => named(SEQUENCE)],
  ["stack", () => Object.assign(new Error("m"), { stack: `Error: m\n${SEQUENCE}` })],
  ["text that is thrown", () => SEQUENCE],
])("a long %s makes a short line, in text and in JSON", async (_what, make) => {
  for (const format of ["text", "json"] as const) {
    const text = await logged(make(), format);
    expect(text.length).toBeLessThan(30_000);
    expect(text).not.toContain("\u001b");
  }
});

test.each<[string, () => unknown]>([
  ["message", () => new Error("refused: password=hunter2")],
  ["name", () => Object.assign(new Error("m"), { name: "E?token=hunter2" })],
  ["text that is thrown", () => "Cookie: sid=hunter2"],
])("a secret in its %s is in no line, in text and in JSON", async (_what, make) => {
  for (const format of ["text", "json"] as const) {
    const text = await logged(make(), format);
    expect(text).toContain("Job failed");
    expect(text).not.toContain("hunter2");
  }
});

test("a secret in a field is in no line, whatever the field is", () => {
  for (const format of ["text", "json"] as const) {
    const written: string[] = [];
    const log = new Log(format, false, {}, { write: (text: string) => written.push(text) });
    log.write("error", "No luck: api_key=hunter2", { why: ["Bearer hunter2hunter2hunter2"], apiKey: "hunter2" });
    expect(written.join("")).toContain("[redacted]");
    expect(written.join("")).not.toContain("hunter2");
  }
});
