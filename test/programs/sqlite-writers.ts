// How long does SQLite's write-ahead log become while several processes write without a pause? Started without arguments it
// starts them, in a folder of its own, and prints what came of it as one line of JSON.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "longshore";

/** The result, in bytes. */
export interface WritersTold {
  /** The longest that the log was seen to be, and how much was written through it at least. */
  readonly longest: number;
  readonly written: number;
}

const WRITERS = 8;
const CALLS = 100;
const JOBS = 50;
const INPUT = "x".repeat(5_000);
const [file = ""] = process.argv.slice(2);

if (file === "") await startAll();
else await write();

async function startAll(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-wal-`));
  const path = join(folder, "jobs.db");
  // Of all writers none is the last one to close, which would remove the log.
  const longshore = await connect(`sqlite:${path}`);
  const longest = await Promise.all(Array.from({ length: WRITERS }, () => runWriter(path)));
  await longshore.close();
  rmSync(folder, { recursive: true });
  const told: WritersTold = { longest: Math.max(...longest), written: WRITERS * CALLS * JOBS * INPUT.length };
  console.log(JSON.stringify(told));
}

async function runWriter(path: string): Promise<number> {
  const writer = spawn(process.execPath, [process.argv[1] ?? "", path], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  writer.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await once(writer, "close");
  return Number(said);
}

async function write(): Promise<void> {
  const longshore = await connect(`sqlite:${file}`);
  let longest = 0;
  for (let call = 0; call < CALLS; call += 1) {
    await longshore.enqueueMany(
      "sample",
      Array.from({ length: JOBS }, () => INPUT),
      { queue: "q" },
    );
    longest = Math.max(longest, statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0);
  }
  await longshore.close();
  console.log(longest);
}
