// What a token without `read:payload` can read of payloads, and what any token can of secrets: every operation that looks is called, and
// every byte of every answer is looked at, streams while jobs run included.
import { expect, it } from "vitest";
import { documentProfile, flow, task, type FlowBuilder, type Longshore } from "longshore";
import { createServer, type ServerOptions } from "longshore/server";
import { summaries } from "../../model/profile/profiles.js";
import { onEveryEngine } from "../../worker/fixtures/on-engines.js";
import { apiOf, type Answer, type Api } from "../api.js";
import { readDocument } from "../contract/document.js";

const READS = "a-secret-of-the-configuration-reads";
const OPERATES = "a-secret-of-the-configuration-operates";
const SEES = "a-secret-of-the-configuration-sees";
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** A payload: a word that only those who may read payloads see, and secrets, which no one does. */
const payload = (place: string): object => ({
  word: `payload-${place}`,
  password: `secret-${place}`,
  nested: { list: [{ apiKey: `secret-${place}` }] },
  iban: `secret-${place}`,
});
/** That of a flow, whose secrets go by their keys alone. */
const ofFlow = { word: "payload-flow", password: "secret-flow" };
/** What a text may say of a secret. */
const SAID = "password=secret-said";

const talk = task(
  "talk",
  {
    queue: "talks",
    attempts: 1,
    redact: ["input.iban", "result.iban", "meta.iban", "steps.*.iban", "milestones.*.iban"],
  },
  async ({ input, step, emit, log, progress }) => {
    log(`payload-log ${SAID}`);
    progress(50, `said ${SAID}`);
    await step("one", () => payload("step"));
    await emit("teaser", payload("milestone"));
    if ((input as { fails?: boolean }).fails === true) {
      throw new Error(`failed ${SAID}`, { cause: new Error(`because ${SAID}`) });
    }
    return payload("result");
  },
);
const one = flow("one", { queue: "flows" }, ($: FlowBuilder<object>) => $(talk, $.input as never));

/** A document of another system that says all that there is. */
const profile = documentProfile({ profile: summaries, document: (job) => ({ ...job }) });

const OPTIONS: ServerOptions = {
  tasks: [talk],
  compat: { monitoring: true, jobs: { "/theirs/{job_id}": profile } },
  tokens: [
    { name: "reads", token: READS, scopes: ["read"] },
    { name: "operates", token: OPERATES, scopes: ["operate", "enqueue"] },
    { name: "sees", token: SEES, scopes: ["admin"] },
  ],
};

async function prepare(longshore: Longshore): Promise<Readonly<Record<string, readonly string[]>>> {
  const options = { tags: ["app:7"], meta: payload("meta") as never };
  await longshore.enqueue(talk, payload("input"), { ...options, id: "done" });
  await longshore.enqueue(talk, { ...payload("input"), fails: true }, { ...options, id: "failed" });
  await longshore.enqueue(one, ofFlow, { id: "flow", tags: ["app:7"] });
  await longshore.worker([talk], { name: "w", burst: true }).finished;
  await longshore.enqueue(talk, payload("input"), { ...options, id: "waiting", delay: "1h" });
  await longshore.schedules.put({
    name: "s",
    task: talk,
    input: payload("input"),
    cron: "@daily",
    options: { meta: payload("meta") as never },
  });
  const bulk = await longshore.bulk({ action: "retry", filter: { errorText: SAID, states: "failed" } });
  const [group] = (await longshore.failures().page()).groups;
  return {
    id: ["done", "failed", "flow", "waiting"],
    bulk: [bulk.id],
    queue: ["talks"],
    worker: ["w"],
    name: ["s"],
    tag: ["app:7"],
    fingerprint: [group?.fingerprint ?? ""],
    job_id: ["done", "failed", "flow"],
  };
}

onEveryEngine("payloads and secrets", (storage) => {
  it("are in no answer to a token that may not see them", async () => {
    const longshore = await storage.connect();
    const names = await prepare(longshore);
    const api = apiOf(longshore, { ...OPTIONS, open: false });
    const { operations } = await readDocument({ ...OPTIONS, open: true });
    const found: unknown[] = [];
    const look = (asked: string, { body }: Answer, words: RegExp): void => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const hit = words.exec(text);
      if (hit !== null) found.push([asked, text.slice(Math.max(0, hit.index - 200), hit.index + 60)]);
    };
    const calls = operations
      .filter(({ method }) => method === "GET")
      .flatMap(({ name, path }) => {
        const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter ?? "");
        const [last] = parameters.slice(-1);
        const values =
          last === undefined ? [""] : path.startsWith("/api/bulk") ? (names["bulk"] ?? []) : (names[last] ?? []);
        return values.map((value) =>
          name.replace("{queue}", last === "queue" ? value : "talks").replace(`{${last}}`, value),
        );
      })
      .flatMap((call) => {
        if (call === "GET /api/jobs")
          return [call, `${call}?fields=input,result,meta`, `${call}?fields=input&order=oldest&errorText=failed`];
        if (call === "GET /api/events")
          return [`${call}?topics=job:done,job:failed,flow:flow,tag:app:7,queue:talks,overview,failures`];
        return [call];
      });
    expect(calls.length).toBeGreaterThan(60);
    for (const call of calls) {
      look(`read ${call}`, await api(call, undefined, bearer(READS)), /payload-|secret-/);
      look(`admin ${call}`, await api(call, undefined, bearer(SEES)), /secret-(?!of-the)/);
    }
    // What commands answer to someone who may not read payloads.
    const command: Api = (asked, body) => api(asked, body, bearer(OPERATES));
    const put = { task: "talk", input: payload("input"), cron: "@daily", options: { meta: payload("meta") } };
    for (const [asked, body] of [
      ["PUT /api/schedules/s", put],
      ["POST /api/schedules/s/run", undefined],
      ["POST /api/jobs", { task: "talk", input: payload("input") }],
      ["PATCH /api/jobs/waiting", { input: payload("input") }],
      ["POST /api/jobs/failed/retry", { input: payload("input") }],
      ["POST /api/bulk", { action: "retry", filter: { errorText: SAID, states: "failed" } }],
      [`POST /api/failures/${names["fingerprint"]?.[0]}/acknowledge`, undefined],
      ["POST /monitoring/queue/failed", { rq_job_id: "failed" }],
    ] as const)
      look(`operate ${asked}`, await command(asked, body), /payload-|secret-/);
    expect(found).toEqual([]);
  });

  it("are in no stream that goes on while jobs run", async () => {
    const longshore = await storage.connect();
    const server = createServer(longshore, { ...OPTIONS, log: () => {} });
    const follow = async (token: string): Promise<() => string> => {
      const topics = "job:done,job:failed,flow:flow,tag:app:7,queue:talks,overview,failures";
      const request = new Request(`http://localhost/api/events?topics=${topics}`, { headers: bearer(token) });
      const reader = (await server.fetch(request)).body?.getReader();
      let text = "";
      void (async () => {
        for (;;) {
          const { done = true, value } = (await reader?.read()) ?? {};
          if (done) return;
          text += new TextDecoder().decode(value);
        }
      })();
      return () => text;
    };
    const options = { tags: ["app:7"], meta: payload("meta") as never };
    await longshore.enqueue(talk, payload("input"), { ...options, id: "done" });
    await longshore.enqueue(talk, { ...payload("input"), fails: true }, { ...options, id: "failed" });
    await longshore.enqueue(one, ofFlow, { id: "flow", tags: ["app:7"] });
    const [reads, sees] = [await follow(READS), await follow(SEES)];
    await longshore.worker([talk], { name: "w", burst: true }).finished;
    await expect.poll(() => sees()).toContain('"payload-milestone"');
    await expect
      .poll(() => [reads(), sees()].map((text) => text.split('"completed"').length > 3))
      .toEqual([true, true]);
    await server.close();
    expect(/.{0,200}(?:payload-|secret-).{0,60}/.exec(reads())).toBeNull();
    expect(/.{0,200}secret-.{0,60}/.exec(sees())).toBeNull();
  });
});
