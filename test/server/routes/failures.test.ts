// The routes of failure groups: what failed by cause, what is said of it, and all its jobs retried or removed by a bulk job.
import { describe, expect, it } from "vitest";
import { task, type Longshore } from "longshore";
import { apiFor, checkedApiOf, tokenOf } from "../support/checked-api.js";
import { memoryForEach } from "../support/memory.js";

const scan = task("scan", { queue: "scans", attempts: 1 }, ({ input }: { input: number }) => {
  throw new Error(`no answer within ${input} ms`);
});
const mail = task("mail", { queue: "mails", attempts: 1 }, () => {
  throw new TypeError("no address");
});

async function failSome(longshore: Longshore): Promise<void> {
  await longshore.enqueueMany(scan, [100, 200]);
  await longshore.worker([scan], { burst: true }).finished;
  await longshore.enqueue(mail);
  await longshore.worker([mail], { burst: true }).finished;
}

describe("the routes of failure groups", () => {
  const connection = memoryForEach();

  it("list them, those seen last first, by state, queue and task", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    await failSome(longshore);

    const { body } = await call("GET /api/failures");
    expect(body).toMatchObject({ cursor: null, exact: true, dropped: 0 });
    const mailed = { name: "TypeError", message: "no address", runs: 1, filed: 1, state: "open", tasks: ["mail"] };
    expect(body.failures.find(({ name }: { name: string }) => name === "TypeError")).toMatchObject({
      ...mailed,
      queues: [{ queue: "mails", state: "open" }],
      changedAt: null,
      samples: [{ queue: "mails" }],
      hours: [{ count: 1 }],
    });
    expect((await call("GET /api/failures?tasks=mail")).body.failures).toHaveLength(1);
    expect((await call("GET /api/failures?queues=scans,none")).body.failures).toMatchObject([{ runs: 2, filed: 2 }]);
    expect((await call("GET /api/failures?states=resolved")).body.failures).toEqual([]);
    expect((await call("GET /api/failures?states=closed")).body).toMatchObject({ status: 400, field: "states[0]" });
    const first = (await call("GET /api/failures?limit=1")).body;
    expect(first.failures).toHaveLength(1);
    expect(
      (await call(`GET /api/failures?limit=1&cursor=${encodeURIComponent(first.cursor)}`)).body.failures,
    ).toHaveLength(1);
    const [{ links, fingerprint }] = first.failures;
    expect((await call(`GET ${links.self}`)).body).toEqual(first.failures[0]);
    expect((await call(`GET ${links.jobs}`)).body.jobs[0].error.fingerprint).toBe(fingerprint);
    expect((await call("GET /api/failures/none")).body).toMatchObject({ code: "FAILURE_GROUP_NOT_FOUND" });
  });

  it("remember who acknowledged, resolved and opened one", async () => {
    const longshore = connection();
    const call = apiFor({ ...tokenOf(null), subject: "ada" }, longshore);
    await failSome(longshore);
    const [{ fingerprint }] = (await call("GET /api/failures?tasks=mail")).body.failures;

    for (const [command, state] of [
      ["acknowledge", "acknowledged"],
      ["resolve", "resolved"],
      ["reopen", "open"],
    ] as const) {
      expect((await call(`POST /api/failures/${fingerprint}/${command}`)).body).toMatchObject({
        state,
        changedAt: expect.any(String),
        changedBy: "ada",
      });
    }
    expect((await call("POST /api/failures/none/resolve")).status).toBe(404);
  });

  it("retry all jobs of one, and remove all of one, by a bulk job", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    await failSome(longshore);
    const [{ fingerprint }] = (await call("GET /api/failures?tasks=scan")).body.failures;
    const fixed = task("scan", { queue: "scans" }, () => "fine");
    longshore.worker([fixed]);

    const retried = await call(`POST /api/failures/${fingerprint}/retry`, { fromStart: true });
    expect(retried.status).toBe(202);
    await expect.poll(async () => (await call(`GET ${retried.headers.get("location")}`)).body.state).toBe("completed");
    expect((await call(`GET ${retried.body.links.self}`)).body).toMatchObject({
      action: "retry",
      fromStart: true,
      result: { matched: 2, applied: 2, refused: {}, firstRefusals: [] },
    });
    await expect.poll(async () => (await call("GET /api/jobs/count?states=completed&task=scan")).body.count).toBe(2);
    expect((await call(`GET /api/failures/${fingerprint}`)).body).toMatchObject({ state: "resolved", filed: 0 });

    const [other] = (await call("GET /api/failures?tasks=mail")).body.failures;
    const discarded = await call(`POST /api/failures/${other.fingerprint}/discard`);
    expect(discarded.status).toBe(202);
    await expect.poll(async () => (await call("GET /api/jobs/count?task=mail")).body.count).toBe(0);
    expect((await call("POST /api/failures/none/retry")).status).toBe(404);
    expect((await call("POST /api/failures/none/discard")).status).toBe(404);
  });
});
