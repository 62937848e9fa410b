/** `longshore/testkit`: the conformance suite for authors of engines, and the clock that tests live in. */
export type * from "../contract/engine.js";
export { CONFORMANCE, runConformance, type TestRunner } from "./conformance.js";
export { Kit } from "./kit.js";
export { ManualClock } from "./manual-clock.js";
export { runScenario, type Scenario, type ScenarioGroup } from "./scenario.js";
export type { Capability, TestSetup, TestStorage } from "./storage.js";
export { BOOM, settlement, TestSession } from "./test-session.js";
