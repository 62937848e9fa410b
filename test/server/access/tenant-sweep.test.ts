// What a token for app:7 can learn of app:8, of jobs without a tag, and of their mixtures: every operation is called with what is theirs,
// and every byte of every answer is looked at. All that is theirs has the word `foreign` in it, or an id that is listed.
import { expect, it } from "vitest";
import { flow, task, type FlowBuilder, type Job, type Longshore } from "longshore";
import { onEveryEngine } from "../../worker/fixtures/on-engines.js";
import { apiOf, type Api } from "../api.js";
import { readDocument } from "../contract/document.js";
import type { ServerOptions } from "longshore/server";

const TOKEN = "a-secret-of-the-configuration-7";
const SEVEN = { authorization: `Bearer ${TOKEN}` };

/** Says all that a handler can say, with the words of its input. */
const talk = task("talk", { queue: "talks", attempts: 1 }, async ({ input, step, emit, log, progress, count }) => {
  const { words, fails } = input as { words: string; fails?: boolean };
  log(`${words} log`);
  progress(50, `${words} progress`);
  count(`${words} counter`);
  await step(`${words} step`, () => ({ words }));
  await emit(`${words} milestone`, { words });
  if (fails === true) throw new Error(`${words} failed 1`);
  return { words };
});
const part = task("part", { queue: "parts" }, ({ input }) => input);
const pair = flow("pair", { queue: "flows" }, ($: FlowBuilder<string>) => {
  const first = $(part, $.input as never, { name: "first" });
  $(part, $.input as never, { name: "foreign-node", after: [first] });
});

const OPTIONS: ServerOptions = {
  compat: { monitoring: true, create: { "/start": { task: "talk", answer: ({ id }) => ({ id }) } } },
  tokens: [{ name: "seven", token: TOKEN, scopes: ["admin"], tag: "app:7" }],
};

/** What is there, of both. */
interface Prepared {
  readonly own: readonly string[];
  readonly foreign: readonly string[];
  readonly ownFlow: string;
  readonly foreignFlow: string;
  readonly fingerprint: string;
  readonly bulk: readonly string[];
}

async function prepare(longshore: Longshore): Promise<Prepared> {
  const enqueue = (id: string, words: string, options: object, more: object = {}): Promise<Job> =>
    longshore.enqueue(talk, { words, ...more }, { id, ...options });
  for (const [id, words, tags] of [
    ["own", "mine", ["app:7"]],
    ["foreign", "foreign", ["app:8"]],
    ["untagged-foreign", "foreign", []],
  ] as const) {
    await enqueue(`${id}-done`, words, { tags, meta: { words } });
    await enqueue(`${id}-failed`, words, { tags }, { fails: true });
  }
  const worker = longshore.worker([talk], { name: "w", burst: true });
  await worker.finished;
  // Those that wait.
  await enqueue("own-waiting", "mine", { tags: ["app:7"], unique: { key: "k" } });
  await enqueue("foreign-waiting", "foreign", { tags: ["app:8", "foreign:tag"], unique: { key: "foreign-key" } });
  await enqueue("foreign-delayed", "foreign", { tags: ["app:8"], delay: "1h" });
  await enqueue("own-blocked", "mine", {
    ...{ tags: ["app:7"], ifFailed: "continue" },
    after: [
      { queue: "talks", id: "foreign-delayed" },
      { queue: "talks", id: "foreign-failed" },
      { queue: "talks", id: "own-waiting" },
    ],
  });
  const ownFlow = await longshore.enqueue(pair, "mine", { id: "own-flow", tags: ["app:7"] });
  const foreignFlow = await longshore.enqueue(pair, "theirs", { id: "foreign-flow", tags: ["app:8"] });
  // Of each flow a job goes to the other.
  const given = (await ownFlow.members()).find(({ flow: place }) => place?.node === "foreign-node");
  const taken = (await foreignFlow.members()).find(({ flow: place }) => place?.node === "first");
  await longshore
    .queue("parts")
    .job(given?.id ?? "")
    .update({ tags: ["app:8"] });
  await longshore
    .queue("parts")
    .job(taken?.id ?? "")
    .update({ tags: ["app:7"] });
  const kept = (await foreignFlow.members()).find(({ flow: place }) => place?.node === "foreign-node");
  await longshore.schedules.put({
    name: "foreign-schedule",
    task: "talk",
    input: { words: "foreign" },
    cron: "@daily",
  });
  const bulk = [
    await longshore.bulk({ action: "retry", filter: { tag: "app:8", errorText: "foreign" } }),
    await longshore.bulk({ action: "retry", filter: { idPrefix: "foreign" }, by: "eight" }),
  ];
  const [group] = (await longshore.failures().page()).groups;
  return {
    own: ["own-done", "own-failed", "own-waiting", "own-blocked", "own-flow", taken?.id ?? ""],
    foreign: [
      "foreign-done",
      "foreign-failed",
      "foreign-waiting",
      "foreign-delayed",
      "untagged-foreign-done",
      "foreign-flow",
      given?.id ?? "",
      kept?.id ?? "",
    ],
    ownFlow: ownFlow.id,
    foreignFlow: foreignFlow.id,
    fingerprint: group?.fingerprint ?? "",
    bulk: bulk.map(({ id }) => id),
  };
}

/** The text of an answer, without what its request had said itself. */
function said(answer: { body: unknown }, asked: readonly string[]): string {
  const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
  return asked.reduce((all, word) => all.replaceAll(word, "…"), text);
}

/** All that is stored of the jobs of others. */
async function stateOf(longshore: Longshore, ids: readonly string[]): Promise<unknown> {
  return Promise.all(ids.map(async (id) => (await longshore.job(id))?.refresh()));
}

const LISTS = [
  ...[
    "",
    "tag=app:8",
    "not.tag=app:7",
    "tags=app:8",
    "idPrefix=foreign",
    "idContains=foreign",
    "queue=talks",
    "queues=talks,parts",
  ],
  ...[
    "states=failed",
    "not.states=completed",
    "flow=foreign-flow",
    "not.flow=own-flow",
    "errorText=foreign",
    "worker=w",
    "limit=1",
  ],
  ...[
    "fields=input,result,meta",
    "order=oldest",
    "noWorker=true",
    "role=flow",
    "not.idPrefix=own",
    "fingerprint=FINGERPRINT",
  ],
];

onEveryEngine("a token for app:7", (storage) => {
  it("learns nothing of others from any operation, and changes nothing of theirs", async () => {
    const longshore = await storage.connect();
    const all = await prepare(longshore);
    const api = apiOf(longshore, { ...OPTIONS, open: false });
    const admin = apiOf(longshore, OPTIONS);
    const call: Api = (asked, body) => api(asked, body, SEVEN);
    const leaks: unknown[] = [];
    const look = (asked: string, answer: { body: unknown; status: number }, own: readonly string[]): void => {
      const text = said(answer, [...own, ...all.own]);
      for (const word of [...all.foreign, ...all.bulk, "app:8", "foreign"]) {
        // Its own flow has a node of that name, and its own job is in that flow.
        if (text.replaceAll('"flow":{"queue":"flows","jobId":"foreign-flow"', "").includes(word))
          leaks.push({ asked, word, text });
      }
    };
    const before = await stateOf(longshore, all.foreign);

    // Lists, whatever the conditions.
    for (const path of [
      "/api/jobs",
      "/api/jobs/count",
      "/api/jobs/facets",
      "/api/flows",
      "/monitoring/queue/failed",
      "/api/bulk",
    ]) {
      for (const conditions of LISTS) {
        const query = conditions.replace("FINGERPRINT", all.fingerprint);
        const answer = await call(`GET ${path}?${query}`);
        look(`${path}?${query}`, answer, [query]);
        // To the end, and from where others stand.
        for (let { cursor } = answer.body, pages = 0; typeof cursor === "string" && pages < 30; pages += 1) {
          look(
            `cursor of ${path}?${query}`,
            { status: 200, body: Buffer.from(cursor, "base64url").toString("latin1") },
            [],
          );
          const next = await call(`GET ${path}?${query}&cursor=${encodeURIComponent(cursor)}`);
          look(`next of ${path}?${query}`, next, [query]);
          ({ cursor } = next.body);
        }
      }
    }
    const theirs = await admin("GET /api/jobs?tag=app:8&limit=1");
    look("cursor of another", await call(`GET /api/jobs?cursor=${encodeURIComponent(String(theirs.body.cursor))}`), []);

    // Everything that is named: what is theirs answers as what is not there.
    const { operations } = await readDocument({ ...OPTIONS, open: true });
    const named = operations.filter(({ path }) => /\/(?:jobs|flows|bulk)\/\{id\}|\/jobs\/\{id\}/.test(path));
    expect(named.length).toBeGreaterThan(18);
    const bodies: Readonly<Record<string, unknown>> = {
      "jobs.update": { priority: 1 },
      "jobs.retry": { input: { a: 1 } },
    };
    for (const { name, operationId = "" } of named) {
      const ask = (id: string, more = ""): ReturnType<Api> =>
        call(name.replace("{id}", id).replace("{queue}", "talks") + more, bodies[operationId]);
      const missing = await ask("nowhere");
      for (const id of [...all.foreign, ...all.bulk]) {
        const queue = (await longshore.jobsWithId(id))[0]?.queue ?? "talks";
        for (const more of name.includes("{queue}") || name.includes("bulk") ? [""] : ["", `?queue=${queue}`]) {
          const answer = await ask(id, more);
          if (answer.status !== missing.status || said(answer, [id]) !== said(missing, ["nowhere"]))
            leaks.push({ asked: name, id, answer: answer.body });
        }
      }
    }
    // What is its own names none of the others.
    for (const { name } of named.filter(({ method }) => method === "GET")) {
      for (const id of all.own)
        look(`${name} ${id}`, await call(name.replace("{id}", id).replace("{queue}", "talks")), [id]);
    }
    // Other ways to name them.
    for (const id of all.foreign) {
      look("retry", await call("POST /monitoring/queue/failed", { rq_job_id: id }), [id]);
      look("after", await call("POST /api/jobs", { task: "talk", options: { after: [{ queue: "talks", id }] } }), [id]);
      look("id", await call("POST /api/jobs", { task: "talk", options: { id, queue: "talks" } }), [id]);
      look("key", await call("POST /api/jobs", { task: "talk", options: { unique: { key: "foreign-key" } } }), [
        "foreign-key",
      ]);
      look("topic", await call(`GET /api/events?topics=job:${id}`), [id]);
    }
    for (const filter of [
      { tag: "app:8" },
      { idPrefix: "foreign-w" },
      { not: { tag: "app:7" } },
      { tags: ["app:8"] },
    ]) {
      for (const action of ["cancel", "retry", "remove", "promote", "release"]) {
        const { body } = await call("POST /api/bulk", { action, filter, preview: true });
        expect([action, filter, body.matched ?? 0]).toEqual([action, filter, 0]);
      }
    }
    for (const topic of [
      "queue:talks",
      "overview",
      "failures",
      "tag:app:8",
      "flow:foreign-flow",
      "queue:longshore:bulk",
    ]) {
      look(topic, await call(`GET /api/events?topics=${topic}`), [topic]);
    }
    for (const topic of ["flow:own-flow", "tag:app:7", "job:own-blocked", "job:own-done"]) {
      look(topic, await call(`GET /api/events?topics=${topic}`), [topic]);
    }
    expect([leaks.length, leaks.slice(0, 20).map((l) => JSON.stringify(l).slice(0, 600))]).toEqual([0, []]);
    expect(await stateOf(longshore, all.foreign)).toEqual(before);
  });

  it("gets no cursor that stands at a job of another, however many of these there are", async () => {
    const longshore = await storage.connect();
    await longshore.enqueue("t", null, { id: "own-first", tags: ["app:7"] });
    for (let from = 0; from < 6_000; from += 1_000) {
      const ids = Array.from({ length: 1_000 }, (_, index) => `foreign-${from + index}`);
      await longshore.enqueueAll(ids.map((id) => ({ task: "t", input: null, options: { id, tags: ["app:8"] } })));
    }
    await longshore.enqueue("t", null, { id: "own-last", tags: ["app:7"] });
    const api = apiOf(longshore, { ...OPTIONS, open: false });
    for (const conditions of [
      "order=newest",
      "order=oldest",
      "tag=app:8",
      "idPrefix=foreign",
      "not.tag=x",
      "states=queued",
    ]) {
      const cursors: string[] = [];
      let cursor: string | null = "";
      do {
        const { body } = await api(
          `GET /api/jobs?limit=1&${conditions}${cursor && `&cursor=${cursor}`}`,
          undefined,
          SEVEN,
        );
        ({ cursor } = body as { cursor: string | null });
        cursors.push(Buffer.from(cursor ?? "", "base64url").toString());
      } while (cursor !== null);
      expect([conditions, cursors.filter((text) => text.includes("foreign"))]).toEqual([conditions, []]);
      // As many pages as there are without the others.
      expect(cursors.length).toBeLessThanOrEqual(3);
    }
  });
});
