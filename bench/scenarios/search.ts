/**
 * How long does it take to find jobs among a million, a fifth of which failed (20,000 in the quick run; LONGSHORE_SEARCH sets
 * another number)? Of each filter the first page of 50 is asked for again and again; of the text of an error that few have, pages
 * until the first match.
 */
import type { Engine } from "longshore";
import { NotVerified, type Scenario } from "../scenario.js";
import type { Gauge } from "./bounds/gauge.js";
import { DONE, Load, type Filter, type Outcome } from "./bounds/load.js";
import { openEngine } from "../own-engine.js";

const AT_ONCE = 500;
const PAGE = 50;
const TRIES = 40;
/** One batch of five fails; so many causes share the failures, and so many users the jobs. */
const FAILS_EACH = 5;
const CAUSES = 400;
const USERS = 1_000;

/** What is asked for, and whether it has matches among few jobs too. */
const FILTERS: Readonly<Record<string, Filter>> = {
  "failed jobs": { states: ["failed"] },
  "jobs of a user": { tag: "user:7" },
  "failed jobs with a common tag": { states: ["failed"], tag: "team:1" },
  "failed jobs by cause": { fingerprint: causeOf(0) },
  "failed jobs of a task, not of a user": { states: ["failed"], task: "work", not: { tag: "user:7" } },
  "jobs that ended lately": { states: ["completed", "failed"], finished: { from: 1 } },
};
const ERROR_TEXT = "error text";

export const search: Scenario = {
  id: "search",
  what: "p95 of the first page of filters over a million jobs, a fifth of them failed; and of an error text that 500 have",
  measures: [...Object.keys(FILTERS), ERROR_TEXT].map((name) => ({
    name: `search: ${name}`,
    unit: "ms",
    better: "less",
  })),
  async round({ store, queue, jobs }) {
    const engine = await openEngine(store.url);
    try {
      const load = new Load(engine, queue, jobs, NONE);
      await fill(load);
      const measured: Record<string, number> = {};
      for (const [name, filter] of Object.entries(FILTERS)) {
        measured[`search: ${name}`] = await p95(() => firstPage(engine, { ...filter, queue }, 1));
      }
      const text: Filter = { queue, states: ["failed"], errorText: "ROW 0 of" };
      measured[`search: ${ERROR_TEXT}`] = await p95(() => firstPage(engine, text, Number.POSITIVE_INFINITY), 5);
      await engine.obliterate({ queue, force: true });
      return measured;
    } finally {
      await engine.close();
    }
  },
};

/** Nothing is measured while jobs are made. */
const NONE: Gauge = {
  of: async (call) => ({ answer: await call(), longest: 0 }),
  close: () => {},
};

/** Makes the jobs and ends all: the first to come is the first to fail, so an error text is found at the end of a search. */
async function fill(load: Load): Promise<void> {
  await load.add(load.size, (n) => ({ tags: [`user:${n % USERS}`, `team:${n % 10}`] }));
  const session = await load.session();
  let leases = await session.claim(AT_ONCE);
  for (let batch = 0; leases.length > 0; batch += 1) leases = await session.claim(AT_ONCE, leases, outcomeOf(batch));
  await session.close();
}

/** A fingerprint has hexadecimal digits. */
function causeOf(number: number): string {
  return (0xca_00_00 + number).toString(16);
}

function outcomeOf(batch: number): Outcome {
  if (batch % FAILS_EACH !== 0) return DONE;
  const failed = batch / FAILS_EACH;
  const stack = `Error: at row\n${"    at handler (file:///srv/app/dist/tasks/scan.js:10:12)\n".repeat(8)}`;
  const message = `no row ${failed} of table pages`;
  const fingerprint = causeOf(failed % CAUSES);
  return {
    kind: "fail",
    error: { name: "Error", message, code: null, stack, cause: null, fingerprint },
    retryIn: null,
  };
}

/** Asks for pages until there is a match. @throws NotVerified when there is none, or a page too many was needed */
async function firstPage(engine: Engine, filter: Filter, pages: number): Promise<void> {
  let cursor: string | null = null;
  for (let page = 0; page < pages; page += 1) {
    const answer: { readonly jobs: readonly unknown[]; readonly cursor: string | null } = await engine.listJobs({
      ...{ filter, cursor, limit: PAGE },
      fields: [],
    });
    if (answer.jobs.length > 0) return;
    ({ cursor } = answer);
    if (cursor === null) break;
  }
  throw new NotVerified(`no job was found by ${JSON.stringify(filter)}`);
}

async function p95(call: () => Promise<void>, tries = TRIES): Promise<number> {
  const took: number[] = [];
  for (let n = 0; n < tries; n += 1) {
    const began = performance.now();
    await call();
    took.push(performance.now() - began);
  }
  return took.toSorted((a, b) => a - b)[Math.ceil(tries * 0.95) - 1] ?? 0;
}
