/**
 * A process that holds one system for the whole run, so that the heaps and timers of systems do not disturb each other.
 * It does one round when its parent asks for it, and ends when the parent disconnects.
 */
import type { RoundAnswer, RoundRequest } from "./host-protocol.js";
import { NotVerified } from "./scenario.js";
import { scenarioNamed } from "./scenarios/index.js";
import { loadSystem } from "./systems/index.js";

const system = loadSystem(process.argv[2] ?? "");

process.on("message", (request) => void answer(request as RoundRequest));
process.on("disconnect", () => process.exit());
// On Ctrl-C a terminal tells us too; it is the parent who decides.
process.on("SIGINT", () => undefined);

async function answer(request: RoundRequest): Promise<void> {
  const answer = await roundOf(request);
  process.send?.(answer);
}

async function roundOf({ scenario, ...round }: RoundRequest): Promise<RoundAnswer> {
  try {
    return { measured: await scenarioNamed(scenario).round({ system: await system, ...round }) };
  } catch (error) {
    const failed = error instanceof Error ? error.message : String(error);
    return { failed, verified: !(error instanceof NotVerified) };
  }
}
