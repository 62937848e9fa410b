/** From a target to an open engine. Engines load only when they are asked for: SQLite users never load a Redis client. */
import type { Engine } from "./contract/engine.js";
import { ownFile } from "./shared/own-file.js";
import { parseTarget, type ParsedTarget, type Target } from "./target.js";

/** How to open an engine. */
export interface OpenEngineOptions {
  /** Open storage that is there, and make none: throws `EngineUnavailable` where a SQLite file is missing. Default: false. */
  readonly existing?: boolean;
  /** What is to stand before the engine from the first command on, such as an observer. Default: nothing. */
  readonly wrap?: (engine: Engine) => Engine;
}

/**
 * Opens the engine a URL or options object names.
 * @throws InvalidInput, EngineUnavailable, EngineRefused, Bundled
 */
export async function openEngine(target: string | Target, options: OpenEngineOptions = {}): Promise<Engine> {
  const parsed = parseTarget(target);
  // Before anything of it is loaded: a bundle may not even be able to load the client.
  if (parsed.engine === "redis") ownFile(import.meta.url, "./redis/scripts/jobs/enqueue-usual.lua");
  const created = await create(parsed, options);
  const engine = options.wrap === undefined ? created : options.wrap(created);
  try {
    await engine.open();
  } catch (error) {
    await engine.close();
    throw error;
  }
  return engine;
}

async function create(target: ParsedTarget, { existing = false }: OpenEngineOptions): Promise<Engine> {
  switch (target.engine) {
    case "memory":
      return new (await import("./memory/engine.js")).MemoryEngine();
    case "sqlite":
      return new (await import("./sqlite/engine.js")).SqliteEngine(target, { existing });
    case "redis":
      return new (await import("./redis/engine.js")).RedisEngine(target);
  }
}
