/** Fuzzing a server: requests for every operation of its document, and what must hold whatever they were. */
import { randomInt } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { task, type Longshore } from "longshore";
import { createServer, type LongshoreServer, type ServerOptions } from "longshore/server";
import { projectDocument } from "../compat/document-profiles.js";
import { faultOf } from "./faults.js";
import { operationsOf, type ApiDocument, type Operation } from "./operations.js";
import { Chance } from "./random.js";
import { drawRequest, type FuzzRequest } from "./request.js";
import type { FuzzAnswer } from "./send.js";
import { Subjects } from "./subjects.js";

const GIVEN = process.env["LONGSHORE_FUZZ"];
/** How many requests each operation gets. */
export const REQUESTS = Number(GIVEN ?? 1_000);
/** Milliseconds that a test may take before it counts as one that hangs: far more than it does. */
export const LONGEST = 900_000 * Math.max(1, REQUESTS / 1_000);
const SEED = process.env["LONGSHORE_SEED"] ?? (GIVEN === undefined ? "1" : String(randomInt(1e9)));
const ONLY = process.env["LONGSHORE_OPERATION"];

const work = task("work", { queue: "one", attempts: 1 }, () => ({ done: true }));

/** What the server logged since the last request: why it failed. */
let logged: string[] = [];

/** A server with every route that there can be; open to all, unless it has tokens. */
export function serverOver(longshore: Longshore, tokens: ServerOptions["tokens"] = []): LongshoreServer {
  return createServer(longshore, {
    ...{ open: tokens.length === 0, tokens, tasks: [work], log: (...line) => void logged.push(JSON.stringify(line)) },
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

/** How one request is sent. */
export type Send = (request: FuzzRequest, chance: Chance) => Promise<FuzzAnswer | null>;

/** Sends so many requests for an operation. @returns the first faults, with how each is repeated */
async function fuzz(
  subjects: Subjects,
  operation: Operation,
  document: ApiDocument,
  { from = 0, count }: { readonly from?: number; readonly count: number },
  send: Send,
): Promise<string[]> {
  const name = `${operation.method} ${operation.path}`;
  const faults: string[] = [];
  for (let n = from; n < from + count && faults.length < 5; n += 1) {
    const chance = new Chance(`${SEED} ${name} ${n}`);
    const request = drawRequest(chance, operation, document, await subjects.next());
    let fault: string | null;
    let answer: FuzzAnswer | null = null;
    logged = [];
    try {
      answer = await send(request, chance);
      fault = answer === null ? null : faultOf(operation, request, answer);
    } catch (error) {
      fault = String(error);
    }
    if (fault !== null)
      faults.push(`${fault}: request ${n} ${shown(request)} → ${answer?.text.slice(0, 300) ?? ""} ${logged.join(" ")}`);
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

/** Streams: they do not end. */
const LIVE = /events$/;

/** What is stored and cannot be read back over HTTP: each list, and of each page of jobs some by themselves. */
async function unreadable(server: LongshoreServer, document: ApiDocument): Promise<string[]> {
  const faults: string[] = [];
  const read = async (path: string): Promise<Record<string, unknown>> => {
    const response = await server.fetch(new Request(`http://localhost${path}`));
    // A bulk job may have removed it since it was listed.
    const isGone = response.status === 404 && path.includes("?queue=");
    if (response.status !== 200 && !isGone) faults.push(`${path} cannot be read: ${await response.text()}`);
    return response.status === 200 ? ((await response.json()) as Record<string, unknown>) : {};
  };
  for (const { method, path, parameters } of operationsOf(document)) {
    const isList = !parameters.some(({ in: place, required }) => place === "path" || required === true);
    if (method === "GET" && isList && !LIVE.test(path)) await read(path);
  }
  let cursor: string | null = null;
  do {
    const next: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await read(`/api/jobs?limit=200&fields=input,result,meta${next}`);
    const jobs = (page["jobs"] ?? []) as {
      readonly jobId: string;
      readonly queue: string;
      readonly problem: string | null;
    }[];
    for (const { jobId, problem } of jobs) if (problem !== null) faults.push(`${jobId}: ${problem}`);
    for (const { jobId, queue } of jobs.slice(0, 10)) {
      await read(`/api/jobs/${encodeURIComponent(jobId)}?queue=${encodeURIComponent(queue)}`);
    }
    cursor = (page["cursor"] ?? null) as string | null;
  } while (cursor !== null);
  return faults;
}

/** Does a job of everyday go through? */
async function runs(longshore: Longshore): Promise<boolean> {
  const plain = task("plain", { queue: "afterwards" }, () => "well");
  const worker = longshore.worker([plain], { burst: true });
  const result = await (await longshore.enqueue(plain)).result();
  await worker.finished;
  return result === "well";
}

/** Bytes in use once what is garbage is gone. */
function heap(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

/**
 * Sends requests for every operation, in so many rows at a time, and looks at what they left.
 * @returns what is wrong: the first operation with a fault ends it
 */
export async function fuzzAll(
  longshore: Longshore,
  server: LongshoreServer,
  { from, count, rows = 1 }: { readonly from: number; readonly count: number; readonly rows?: number },
  send: Send,
): Promise<string[]> {
  const document = await documentOf(server);
  const before = inherited();
  const used = heap();
  const subjects = new Subjects(longshore);
  const chosen = operationsOf(document).filter(
    ({ method, path }) => ONLY === undefined || `${method} ${path}` === ONLY,
  );
  try {
    for (const operation of chosen) {
      const each = Math.ceil(count / rows);
      const shares = Array.from({ length: rows }, (_row, at) => ({ from: from + at * each, count: each }));
      const faults = await Promise.all(shares.map((share) => fuzz(subjects, operation, document, share, send)));
      // Of a few requests all that they left is looked at together, in the end.
      const unread = count < 200 && operation !== chosen.at(-1) ? [] : await unreadable(server, document);
      const all = [...faults.flat(), ...unread];
      if (all.length > 0) return all;
      if (count >= 200) await subjects.clear();
    }
  } finally {
    await subjects.close();
  }
  const grown = heap() - used;
  return [
    ...(inherited() === before ? [] : ["what all objects inherit has changed"]),
    ...((await runs(longshore)) ? [] : ["a job of everyday does not go through"]),
    // Far above what the code compiled meanwhile takes, far below what was sent.
    ...(grown < 100e6 ? [] : [`${grown} bytes more are in use`]),
  ];
}
