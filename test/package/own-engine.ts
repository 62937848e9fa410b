// What the author of an engine writes first, against both packed packages: `npm run check:package` compiles it with the
// types that they ship and runs it. The engine stands for any; an application sees it through a connection.
import { attach, type Engine } from "longshore";
import { CONFORMANCE, ManualClock, runConformance, type TestSetup } from "longshore-testkit";

/** Compiled only: an engine of the one package is one of the other. */
export const setupOf = (engine: Engine): TestSetup => ({
  capabilities: [],
  create: () => ({ connect: () => engine, dispose: () => attach(engine).close() }),
});

const titles: string[] = [];
runConformance(
  { describe: (_name, body) => body(), it: (title) => titles.push(title) },
  { capabilities: [], create: () => ({ connect: () => Promise.reject(new Error("never run")), dispose: () => {} }) },
);
console.log(CONFORMANCE.length > 5, titles.length > 400, new ManualClock().now() > 0);
