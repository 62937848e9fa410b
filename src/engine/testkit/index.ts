/** `longshore-testkit`: the conformance suite for authors of engines, and the clock that its tests use. */
export type * from "../contract/engine.js";
export { CONFORMANCE, runConformance, type TestRunner } from "./conformance.js";
export { ScenarioContext } from "./context/scenario-context.js";
export { ManualClock } from "./context/manual-clock.js";
export { runScenario, type Scenario, type ScenarioGroup } from "./context/scenario.js";
export type { Capability, TestSetup, TestStorage } from "./context/storage.js";
export { BOOM, settlement, TestSession } from "./context/test-session.js";
