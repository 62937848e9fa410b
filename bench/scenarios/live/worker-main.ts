/**
 * A worker process for the scenario `live`: a thousand jobs run in it at the same time, and each reports its progress about once a
 * second, with the moment of the call as its message. Ends with its parent.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { connect, task } from "longshore";
import { moment } from "../../moment.js";

const [url = "", queue = "", jobs = "0", every = "1000"] = process.argv.slice(2);

process.on("disconnect", () => process.exit(1));

const longshore = await connect(url);
const report = task("report", { queue, timeout: "1h" }, async ({ signal, progress }) => {
  // Not all in one moment.
  await sleep(Math.random() * Number(every));
  for (let turn = 1; !signal.aborted; turn += 1) {
    progress(turn % 100, String(moment()));
    await sleep(Number(every));
  }
});
const worker = longshore.worker([report], { concurrency: Number(jobs), grace: 0 });
await worker.ready();
process.send?.("ready");
