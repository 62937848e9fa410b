// A worker as a process of its own that dies in the middle of a bulk job: the engine has carried out its second command, whose answer
// it has not kept yet. Set up by a JSON text in its first argument: where the jobs are.
import { attach, task, type Engine, type Target } from "longshore";
import type { WorkerSetup } from "./worker.js";

const { target, options } = JSON.parse(process.argv[2] ?? "") as WorkerSetup;
process.stdin.once("close", () => process.exit(1)).resume();
// Applications are not given engines.
const inside = new URL("../../../dist/engine/open.js", import.meta.url).href;
const { openEngine } = (await import(inside)) as { openEngine: (where: Target) => Promise<Engine> };
const engine = await openEngine(target);
let sent = 0;
const deadly: Pick<Engine, "retry"> = {
  retry: async (params) => {
    const answers = await engine.retry(params);
    sent += 1;
    if (sent === 2) process.kill(process.pid, "SIGKILL");
    return answers;
  },
};
const longshore = attach(
  new Proxy(engine, {
    get(inner, name) {
      const found: unknown = Reflect.get(deadly, name) ?? Reflect.get(inner, name, inner);
      return typeof found === "function" ? found.bind(inner) : found;
    },
  }),
);
await longshore.worker([task("other", { queue: "other" }, () => 1)], options).finished;
