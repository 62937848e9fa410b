// Searching the text of errors: it is stored with secrets that no answer shows, so it takes the right to see payloads.
import { expect, it } from "vitest";
import { task } from "longshore";
import { apiFor, checkedApiOf, tokenOf } from "../support/checked-api.js";
import { memoryForEach } from "../support/memory.js";

const connection = memoryForEach();
const broken = task("broken", { attempts: 1 }, () => {
  throw new Error("no answer from https://db.example.org/?token=s3cr3t");
});
const SEARCHES = [
  "GET /api/jobs?errorText=token=s3",
  "GET /api/jobs?states=failed&not.errorText=token=s3",
  "GET /api/jobs/count?errorText=token=s3",
  "GET /api/jobs/facets?not.errorText=token=s3",
  "GET /api/flows?errorText=token=s3",
];

it("is refused to who may not see payloads, whatever else they may", async () => {
  const longshore = connection();
  await longshore.enqueue(broken, undefined);
  await longshore.worker([broken], { burst: true }).finished;
  const call = apiFor(tokenOf(null, ["read", "operate", "enqueue"]), longshore);

  for (const search of SEARCHES) {
    const field = search.includes("not.") ? "not.errorText" : "errorText";
    expect((await call(search)).body).toMatchObject({ status: 403, code: "SCOPE_MISSING", field });
  }
  for (const filter of [{ errorText: "s3" }, { states: "failed", not: { errorText: "s3" } }]) {
    for (const preview of [true, false]) {
      const answer = await call("POST /api/bulk", { action: "remove", filter, preview });
      expect(answer.body).toMatchObject({ status: 403, code: "SCOPE_MISSING" });
    }
  }
  expect((await call("GET /api/jobs?states=failed")).body.jobs).toMatchObject([
    { error: { message: "no answer from https://db.example.org/?token=[redacted]" } },
  ]);
});

it("finds jobs for who may", async () => {
  const longshore = connection();
  await longshore.enqueue(broken, undefined);
  await longshore.worker([broken], { burst: true }).finished;
  const call = checkedApiOf(longshore);
  expect((await call("GET /api/jobs/count?errorText=no+answer")).body).toMatchObject({ count: 1 });
  const reader = apiFor(tokenOf(null, ["read", "read:payload"]), longshore);
  for (const search of SEARCHES) expect((await reader(search)).status).toBe(200);
});
