// Runs the same tests on every engine, each test on storage of its own: memory, a SQLite file in a temporary folder,
// and the shared Redis under a key prefix of its own.
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, inject } from "vitest";
import { connect, type ConnectOptions, type Longshore, type Target } from "longshore";

/** What a test is given. */
export interface EngineStorage {
  /** A connection to this test's storage; the first one made by most tests. Closed after the test. */
  connect(options?: ConnectOptions): Promise<Longshore>;
}

interface Place {
  readonly target: Target;
  clear(): Promise<void>;
}

const places: Record<string, () => Promise<Place>> = {
  memory: () => Promise.resolve({ target: { engine: "memory" }, clear: () => Promise.resolve() }),
  sqlite: async () => {
    const folder = await mkdtemp(join(tmpdir(), "longshore-"));
    return {
      target: { engine: "sqlite", path: join(folder, "jobs.db") },
      clear: () => rm(folder, { recursive: true, force: true }),
    };
  },
  redis: () => {
    const target: Target = { engine: "redis", url: inject("redisUrl"), prefix: `t${randomBytes(6).toString("hex")}` };
    return Promise.resolve({ target, clear: () => obliterateAll(target) });
  },
};

/** Describes a subject on every engine. */
export function onEveryEngine(subject: string, define: (storage: EngineStorage) => void): void {
  describe.each(Object.keys(places))(`${subject} (%s)`, (name) => {
    let place: Place | null = null;
    let open: Longshore[] = [];
    define({
      connect: async (options) => {
        place ??= (await places[name]?.()) ?? null;
        if (place === null) throw new Error(`there is no engine called ${name}`);
        const longshore = await connect(place.target, options);
        open.push(longshore);
        return longshore;
      },
    });
    afterEach(async () => {
      await Promise.all(open.map((longshore) => longshore.close()));
      open = [];
      await place?.clear();
      place = null;
    });
  });
}

async function obliterateAll(target: Target): Promise<void> {
  const longshore = await connect(target);
  try {
    for (const { name } of await longshore.queues()) await longshore.queue(name).obliterate({ force: true });
  } finally {
    await longshore.close();
  }
}
