/**
 * How soon does a client see what a handler reports? A worker process in which 1,000 jobs report their progress about once a second, a
 * server process, and 200 clients on sockets of their own: each job is followed by one of 180 clients, five or six jobs each, which
 * also follow the overview; the other 20 follow the whole queue, so each of these gets all 1,000 reports a second. Measured is from
 * just before the call in the handler to the arrival of its bytes at the client, on the one clock of the machine; a round counts only
 * when every client got reports of all its jobs, and none was given a snapshot in place of changes.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type Longshore } from "longshore";
import { commandsDuring } from "../monitor.js";
import { NotVerified, type RoundContext, type Scenario } from "../scenario.js";
import { Follower } from "./live/follower.js";

const JOBS = 1_000;
const EVERY_MS = 1_000;
const OF_JOBS = 180;
const OF_QUEUE = 20;
const WARM_UP_MS = 5_000;
const WINDOW_MS = { quick: 15_000, full: 30_000 };
const COMMANDS_MS = 5_000;
const PERCENTILES = [50, 95, 99];

export const live: Scenario = {
  id: "live",
  what: "1,000 running jobs that report, 200 clients: from a call in a handler to a client, across processes",
  measures: [
    ...PERCENTILES.map((percent) => ({ name: `live p${percent}`, unit: "ms", better: "less" }) as const),
    { name: "live: longest", unit: "ms", better: "less" },
    { name: "live: server cpu", unit: "%", better: "less" },
    { name: "live: server memory", unit: "MB", better: "less" },
    { name: "live: reports received", unit: "1/s", better: "more" },
    { name: "live: engine commands", unit: "1/s", better: "less" },
  ],
  async round({ store, queue, quick }: RoundContext) {
    const longshore = await connect(store.url);
    const children: ChildProcess[] = [];
    const followers: Follower[] = [];
    try {
      const ids = await running(longshore, store.url, queue, children);
      const server = await start("server-main.js", [store.url], children);
      const [{ port }] = (await once(server, "message")) as [{ port: number }];
      const topics = topicsOf(ids, queue);
      for (const own of topics) followers.push(await Follower.start(port, own));
      await sleep(WARM_UP_MS);
      const window = WINDOW_MS[quick ? "quick" : "full"];
      const before = await usageOf(server);
      for (const follower of followers) follower.isCounting = true;
      await sleep(window);
      for (const follower of followers) follower.isCounting = false;
      const after = await usageOf(server);
      const latencies = read(followers, topics, ids.length).toSorted((a, b) => a - b);
      const at = (percent: number): number =>
        latencies[Math.ceil((percent / 100) * latencies.length) - 1] ?? Number.NaN;
      const commands = store.kind === "redis" ? await commandsDuring(store.url, COMMANDS_MS) : null;
      return {
        ...Object.fromEntries(PERCENTILES.map((percent) => [`live p${percent}`, at(percent)])),
        "live: longest": at(100),
        "live: server cpu": ((after.cpuMs - before.cpuMs) / window) * 100,
        "live: server memory": after.rssMb,
        "live: reports received": latencies.length / (window / 1_000),
        ...(commands !== null && { "live: engine commands": commands.fromClients / (COMMANDS_MS / 1_000) }),
      };
    } finally {
      for (const follower of followers) follower.stop();
      for (const child of children.toReversed()) {
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      }
      await longshore.queue(queue).obliterate({ force: true });
      await longshore.close();
    }
  },
};

/** Starts the worker, and jobs until all of them run. Their ids. */
async function running(longshore: Longshore, url: string, queue: string, children: ChildProcess[]): Promise<string[]> {
  const worker = await start("worker-main.js", [url, queue, String(JOBS), String(EVERY_MS)], children);
  await once(worker, "message");
  const jobs = await longshore.enqueueMany("report", Array.from({ length: JOBS }), { queue, timeout: "1h" });
  while ((await longshore.queue(queue).getActiveCount()) < JOBS) await sleep(100);
  return jobs.map(({ id }) => id);
}

async function start(program: string, args: readonly string[], children: ChildProcess[]): Promise<ChildProcess> {
  const path = fileURLToPath(new URL(`live/${program}`, import.meta.url));
  const child = fork(path, args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  children.push(child);
  await once(child, "spawn");
  return child;
}

/** What each client follows. */
function topicsOf(ids: readonly string[], queue: string): string[][] {
  const ofJobs = Array.from({ length: OF_JOBS }, (_none, client) => {
    const own = ids.filter((_id, index) => index % OF_JOBS === client);
    return ["overview", ...own.map((id) => `job:${queue}/${id}`)];
  });
  return [...ofJobs, ...Array.from({ length: OF_QUEUE }, () => [`queue:${queue}`])];
}

/** The latencies of all reports that came. @throws NotVerified unless each client got reports of all its jobs */
function read(followers: readonly Follower[], topics: readonly (readonly string[])[], all: number): number[] {
  return followers.flatMap((follower, index) => {
    const { latencies, jobs } = follower.received();
    const expected = index < OF_JOBS ? (topics[index] ?? []).length - 1 : all;
    if (jobs.size === expected) return latencies;
    throw new NotVerified(`client ${index} got reports of ${jobs.size} jobs and not of ${expected}`);
  });
}

async function usageOf(server: ChildProcess): Promise<{ cpuMs: number; rssMb: number }> {
  server.send("usage");
  const [usage] = (await once(server, "message")) as [{ cpuMs: number; rssMb: number }];
  return usage;
}
