/** `longshore-testkit`: the conformance suite for authors of engines, and the clock that tests live in. */
export type * from "../contract/engine.js";
export { CONFORMANCE, runConformance, type TestRunner } from "./conformance.js";
export { Kit } from "./kit/kit.js";
export { ManualClock } from "./kit/manual-clock.js";
export { runScenario, type Scenario, type ScenarioGroup } from "./kit/scenario.js";
export type { Capability, TestSetup, TestStorage } from "./kit/storage.js";
export { BOOM, settlement, TestSession } from "./kit/test-session.js";
