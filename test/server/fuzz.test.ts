// Thousands of requests for every operation of the document, most of them wrong in some way: each is answered, none of them breaks
// the server, and what it has accepted can be read. LONGSHORE_FUZZ sets how many there are of each operation (1,000), LONGSHORE_SEED
// repeats a run, and LONGSHORE_OPERATION="GET /api/jobs" keeps to one.
import { randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, task, type Longshore } from "longshore";
import { createServer, type LongshoreServer } from "longshore/server";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";
import { projectDocument } from "./compat/document-profiles.js";
import { faultOf } from "./fuzz/faults.js";
import { operationsOf, type ApiDocument, type Operation } from "./fuzz/operations.js";
import { Chance } from "./fuzz/random.js";
import { drawRequest, type FuzzRequest } from "./fuzz/request.js";
import { sendRaw, sendToFetch, type FuzzAnswer } from "./fuzz/send.js";

const GIVEN = process.env["LONGSHORE_FUZZ"];
const REQUESTS = Number(GIVEN ?? 1_000);
const SEED = process.env["LONGSHORE_SEED"] ?? (GIVEN === undefined ? "1" : String(randomInt(1e9)));
const ONLY = process.env["LONGSHORE_OPERATION"];

const work = task("work", { queue: "one", attempts: 1 }, () => ({ done: true }));

function serverOver(longshore: Longshore): LongshoreServer {
  return createServer(longshore, {
    ...{ open: true, tasks: [work], log: (level, message, fields) => void (process.env["FUZZLOG"] && console.log(level, message, fields)) },
    compat: {
      jobs: { "/jobs/{job_id}": projectDocument },
      create: { "/start_task": { task: work, answer: ({ id }) => ({ job_id: id }) } },
      monitoring: true,
    },
  });
}

async function documentOf(server: LongshoreServer): Promise<ApiDocument> {
  const response = await server.fetch(new Request("http://localhost/api/openapi.json"));
  return (await response.json()) as ApiDocument;
}

/** Jobs with known ids, in several states: what earlier requests removed comes back. */
async function prepare(longshore: Longshore): Promise<void> {
  for (const [n, id] of ["job_1", "job_2", "job_3"].entries()) {
    await longshore.enqueue(
      "scan",
      { n },
      { id, queue: "one", tags: ["user:42"], ...(n === 1 ? { delay: "1h" } : {}) },
    );
    await longshore.enqueue("scan", { n }, { id, queue: "two", hold: n === 1 });
  }
  await longshore.enqueue("scan", null, { id: "job_4", after: [{ queue: "one", id: "job_1" }] });
  const cancelled = await longshore.enqueue("scan", null, { id: "job_5", delay: "1h" });
  if (cancelled.outcome === "created") await cancelled.cancel();
}

/** Sends so many requests for an operation. @returns the first faults, with how each is repeated */
async function fuzz(
  operation: Operation,
  document: ApiDocument,
  { from = 0, count }: { readonly from?: number; readonly count: number },
  send: (request: FuzzRequest, chance: Chance) => Promise<FuzzAnswer | null>,
): Promise<string[]> {
  const name = `${operation.method} ${operation.path}`;
  const faults: string[] = [];
  for (let n = from; n < from + count && faults.length < 5; n += 1) {
    const chance = new Chance(`${SEED} ${name} ${n}`);
    const request = drawRequest(chance, operation, document);
    let fault: string | null;
    let answer: FuzzAnswer | null = null;
    try {
      answer = await send(request, chance);
      fault = answer === null ? null : faultOf(operation, request, answer);
    } catch (error) {
      fault = String(error);
    }
    if (fault !== null) faults.push(`${fault}: request ${n} ${shown(request)} → ${answer?.text.slice(0, 300) ?? ""}`);
  }
  return faults.map((fault) => `${fault}\n  LONGSHORE_SEED=${SEED} LONGSHORE_OPERATION="${name}" repeats it`);
}

function shown({ method, target, headers, body }: FuzzRequest): string {
  const text = body === null ? "" : Buffer.from(body.slice(0, 300)).toString();
  return JSON.stringify({
    method,
    target: target.slice(0, 300),
    headers: headers.slice(0, 20).map(([name, value]) => [name, value.slice(0, 60)]),
    text,
  });
}

/** What all objects inherit. */
function inherited(): string {
  return [Object.prototype, Array.prototype, Function.prototype, String.prototype]
    .map((prototype) => Reflect.ownKeys(prototype).map(String).join())
    .join("\n");
}

/** Everything that is stored can be read back, over HTTP too, and a job of everyday goes through. */
async function checkAfter(longshore: Longshore, server: LongshoreServer): Promise<void> {
  const read = async (path: string): Promise<Record<string, unknown>> => {
    const response = await server.fetch(new Request(`http://localhost${path}`));
    expect([path, response.status]).toEqual([path, 200]);
    return (await response.json()) as Record<string, unknown>;
  };
  let cursor: unknown = null;
  let seen = 0;
  do {
    const next = cursor === null ? "" : `&cursor=${encodeURIComponent(String(cursor))}`;
    const page = await read(`/api/jobs?limit=200&fields=input,result,meta${next}`);
    const jobs = page["jobs"] as { readonly jobId: string; readonly queue: string; readonly problem: string | null }[];
    expect(jobs.filter(({ problem }) => problem !== null)).toEqual([]);
    for (const { jobId, queue } of jobs.slice(0, seen < 1_000 ? 20 : 0)) {
      await read(`/api/jobs/${encodeURIComponent(jobId)}?queue=${encodeURIComponent(queue)}`);
    }
    seen += jobs.length;
    ({ cursor } = page);
  } while (cursor !== null);
  await longshore.queues({ system: true });
  await longshore.workers();

  const queue = "afterwards";
  const plain = task("plain", { queue }, () => "well");
  const worker = longshore.worker([plain], { burst: true });
  expect(await (await longshore.enqueue(plain)).result()).toBe("well");
  await worker.finished;
}

describe("every operation of the document", () => {
  let longshore: Longshore;
  let server: LongshoreServer;
  let document: ApiDocument;
  let operations: Operation[];

  beforeAll(async () => {
    longshore = await connect("memory:");
    server = serverOver(longshore);
    document = await documentOf(server);
    operations = operationsOf(document).filter(
      ({ method, path }) => ONLY === undefined || `${method} ${path}` === ONLY,
    );
  });

  afterAll(async () => {
    await server.close();
    await longshore.close();
  });

  it(`answers ${REQUESTS} requests, wrong in all ways`, async () => {
    const before = inherited();
    for (const operation of operations) {
      await prepare(longshore);
      const faults = await fuzz(operation, document, { count: REQUESTS }, (request) =>
        sendToFetch(server.fetch, request),
      );
      expect(faults.join("\n"), `${operation.method} ${operation.path}`).toBe("");
    }
    expect(inherited()).toBe(before);
    await checkAfter(longshore, server);
  });

  it("answers bytes that are no proper requests", async () => {
    const { port } = await server.listen({ port: 0 });
    for (const operation of operations) {
      await prepare(longshore);
      const each = Math.ceil(REQUESTS / 200);
      const shares = Array.from({ length: 10 }, (_share, at) => ({ from: 1_000_000 + at * each, count: each }));
      const send = (request: FuzzRequest, chance: Chance): Promise<FuzzAnswer> => sendRaw(port, request, chance);
      const faults = await Promise.all(shares.map((share) => fuzz(operation, document, share, send)));
      expect(faults.flat().join("\n"), `${operation.method} ${operation.path}`).toBe("");
    }
    await checkAfter(longshore, server);
  });
});

onEveryEngine("what is stored", (storage) => {
  it("can be read, whatever was accepted", async () => {
    const longshore = await storage.connect();
    const server = serverOver(longshore);
    const document = await documentOf(server);
    const before = inherited();
    for (const operation of operationsOf(document)) {
      await prepare(longshore);
      const share = { from: 2_000_000, count: Math.ceil(REQUESTS / 20) };
      const faults = await fuzz(operation, document, share, (request) => sendToFetch(server.fetch, request));
      expect(faults.join("\n"), `${operation.method} ${operation.path}`).toBe("");
    }
    expect(inherited()).toBe(before);
    await checkAfter(longshore, server);
  });
});
