// Prints the workers of an SQLite file, as this process sees them, as one line of JSON. It may be started in a time namespace of its
// own, where the clock that never jumps is another.
import { connect } from "longshore";

/** A worker and its liveness. */
export type WorkersTold = readonly { readonly name: string; readonly liveness: string }[];

const longshore = await connect(`sqlite:${process.argv[2] ?? ""}`);
const told: WorkersTold = (await longshore.workers()).map(({ name, liveness }) => ({ name, liveness }));
console.log(JSON.stringify(told));
await longshore.close();
