/** The files of a new project: small, and at work as they are, on a SQLite file. */
import { LONGSHORE_VERSION } from "../../model/version.js";

/** A file to be written: its name and its text. */
export interface ProjectFile {
  readonly name: string;
  readonly text: string;
}

/** @param name what the project is called in its package.json */
export function projectFiles(name: string): ProjectFile[] {
  return [
    { name: "tasks.js", text: TASKS },
    { name: "worker.js", text: WORKER },
    { name: "enqueue.js", text: ENQUEUE },
    { name: "package.json", text: `${JSON.stringify(manifest(name), null, 2)}\n` },
    { name: ".gitignore", text: "node_modules/\ndata/\n" },
  ];
}

/** The scripts of its package.json, which one that exists already lacks. */
export const SCRIPTS = {
  worker: "node worker.js",
  enqueue: "node enqueue.js",
  info: "longshore info --url sqlite:data/jobs.db",
  doctor: "longshore doctor --url sqlite:data/jobs.db",
} as const;

function manifest(name: string) {
  return {
    name,
    private: true,
    type: "module",
    scripts: SCRIPTS,
    dependencies: { longshore: `^${LONGSHORE_VERSION}` },
  };
}

/** How the other files import the tasks. */
const TASKS_FILE = "./tasks.js";

const TASKS = `// The tasks of this project: what its jobs do. The worker runs them, and who enqueues a job imports them for their names.
import { task } from "longshore";

export const greet = task(
  "greet",
  { queue: "greetings", attempts: 3, timeout: "1m", steps: ["look up", "write"] },
  async ({ input, step }) => {
    // A step that has ended is not run again when the job is tried again, or when its worker was killed.
    const name = await step("look up", () => String(input.name).trim());
    return step("write", () => \`Hello, \${name}!\`);
  },
);
`;

const WORKER = `// Runs the jobs of the tasks until it is stopped (Ctrl-C); jobs that run may end before it does.
import { connect } from "longshore";
import * as tasks from "${TASKS_FILE}";

const longshore = await connect(process.env.LONGSHORE_URL ?? "sqlite:data/jobs.db");
const worker = longshore.worker(Object.values(tasks), { concurrency: 5, signals: true });
worker.on("completed", (job, result) => console.log(\`\${job.task} \${job.id}: \${JSON.stringify(result)}\`));
worker.on("failed", (job, error) => console.error(\`\${job.task} \${job.id} failed:\`, error));
worker.on("error", (error) => console.error(error));

await worker.ready();
console.log(\`worker \${worker.name} takes jobs of \${worker.queues.join(", ")}\`);
await worker.finished;
await longshore.close();
`;

const ENQUEUE = `// Enqueues a job and waits for its result: npm run enqueue -- Ada
import { connect } from "longshore";
import { greet } from "${TASKS_FILE}";

const longshore = await connect(process.env.LONGSHORE_URL ?? "sqlite:data/jobs.db");
const job = await longshore.enqueue(greet, { name: process.argv[2] ?? "world" });
console.log(\`job \${job.id} is queued\`);
console.log(await job.result());
await longshore.close();
`;
