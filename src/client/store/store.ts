/** What the store of a connection says of itself, as users read it. */
import type { Engine, EngineInfo, StoreNode } from "../../engine/contract/engine.js";

/** The store, looked at once. */
export interface StoreSnapshot {
  readonly kind: EngineInfo["kind"];
  /** The address, without secrets. */
  readonly url: string;
  /** When it was asked, by its own clock: epoch milliseconds. */
  readonly at: number;
  /** Can all of it be written to now? */
  readonly writable: boolean;
  /** The one server or file, or those servers of a cluster that have slots. */
  readonly nodes: readonly StoreNode[];
}

/** Asks the store. @throws EngineUnavailable */
export async function readStore(engine: Engine): Promise<StoreSnapshot> {
  const [nodes, at] = await Promise.all([engine.store(), engine.now()]);
  const { kind, url } = engine.info;
  return { kind, url, at, writable: nodes.every(({ writable }) => writable), nodes };
}
