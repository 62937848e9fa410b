/** Jobs that are leased, by a living session and by dead ones. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Engine } from "longshore";
import type { Row } from "./row.js";

type HeldPage = ReturnType<Engine["held"]>;

const DEAD_SESSIONS = 2_000;
const LONGEST_LINE = 10_000;
const MOST_LINES = 1_000;

export const LEASED: readonly Row[] = [
  {
    name: "active jobs",
    measures: ["read one of active", "count active", "list workers", "list active", "log to a full log", "beat"],
    reads: true,
    async run(load) {
      await load.add(load.size);
      const session = await load.session();
      const leases = [];
      for (let n = 0; n < load.size; n += 50) leases.push(...(await session.claimMany(50)));
      const lease = leases[Math.floor(load.size / 2)];
      if (lease === undefined) throw new Error("nothing was leased");
      const [job] = await load.measure("read one of active", () => load.engine.getJobs({ refs: [lease] }));
      load.expect("it is active", job?.state, "active");
      const counts = await load.measure("count active", () => load.counts());
      load.expect("all are counted", counts["active"], load.size);
      const workers = await load.measure("list workers", () => load.engine.workers());
      load.expect(
        "the worker has all",
        workers.map(({ running }) => running),
        [load.size],
      );
      const cursor = await load.cursorAt({ states: ["active"] }, 0.5);
      const page = await load.list("list active", { states: ["active"] }, 3, 50, cursor);
      load.expect("three pages are listed", page.ids.length, 150);
      const line = { at: 0, level: "info", message: "x".repeat(LONGEST_LINE) } as const;
      const { queue, id, epoch } = lease;
      const log = (count: number) => () =>
        load.engine.report({
          session: session.id,
          updates: [{ queue, id, epoch, lines: Array.from({ length: count }, () => line) }],
        });
      await log(MOST_LINES)();
      load.expect("a line is logged", await load.measure("log to a full log", log(1)), ["applied"]);
      const beat = await load.measure("beat", () =>
        load.engine.heartbeat({ session: session.id, queues: [queue], ttl: 60_000 }),
      );
      load.expect("the session lives", beat.alive, true);
    },
  },
  {
    name: "active jobs of one session",
    measures: ["cancel 500 active", "audit session", "close session"],
    async run(load) {
      await load.add(load.size, () => ({ tags: ["a"] }));
      const session = await load.session();
      const ids: string[] = [];
      for (let n = 0; n < load.size; n += 500) ids.push(...(await session.claimMany(500)).map(({ id }) => id));
      await load.control("cancel 500 active", "cancel", ids.slice(0, 2_000));
      let held = 0;
      for (let cursor: string | null = ""; cursor !== null;) {
        const from: string | null = cursor === "" ? null : cursor;
        const audit = (): HeldPage => load.engine.held({ session: session.id, queue: load.queue, cursor: from });
        const page: Awaited<HeldPage> = await load.measure("audit session", audit);
        held += page.leases.length;
        ({ cursor } = page);
      }
      load.expect("it holds the others", held, load.size - 2_000);
      await load.measure("close session", () => session.close());
      const { active, queued } = await load.counts();
      load.expect("they are handed back", [active, queued], [0, load.size - 2_000]);
    },
  },
  {
    name: "jobs of 2,000 dead sessions",
    measures: ["recover"],
    async run(load) {
      await load.add(load.size);
      for (let n = 0; n < DEAD_SESSIONS; n += 1)
        await (await load.session(1)).claimMany(Math.ceil(load.size / DEAD_SESSIONS));
      await sleep(5);
      for (let active: number | undefined = load.size; active !== 0; { active } = await load.counts())
        await load.sweep("recover");
      load.expect("all are queued", (await load.counts())["queued"], load.size);
    },
  },
  {
    name: "2,000 dead sessions that hold nothing",
    measures: ["forget sessions"],
    async run(load) {
      for (let n = 0; n < DEAD_SESSIONS; n += 1) await load.session(1);
      await sleep(5);
      for (let left = DEAD_SESSIONS; left > 0; left = (await load.engine.workers()).length)
        await load.sweep("forget sessions");
      load.expect("none is left", (await load.engine.workers()).length, 0);
    },
  },
];
