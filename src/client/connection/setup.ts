/** The parts of a connection. */
import type { Engine } from "../../engine/contract/engine.js";
import type { ParsedTarget } from "../../engine/target.js";
import type { Clock, Random } from "../../model/value/clock.js";
import type { JobDefaults } from "../../model/options/options.js";

/** The options of a connection, checked, and its engine. */
export interface LongshoreSetup {
  readonly engine: Engine;
  readonly target: ParsedTarget | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly payloadCap: number;
  readonly queueDefaults: ReadonlyMap<string, JobDefaults>;
}
