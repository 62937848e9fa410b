/** The files of a new project: small, and at work as they are, on a SQLite file. */
import { LONGSHORE_VERSION } from "../../model/version.js";

/** A file to be written: its name and its text. */
export interface ProjectFile {
  readonly name: string;
  readonly text: string;
}

/** What the code ends in: `.mjs` beside a package.json that takes `.js` for CommonJS. */
export type CodeEnding = ".js" | ".mjs";

/** The files that belong together: one of them without the others does not work. */
export function codeFiles(ending: CodeEnding): ProjectFile[] {
  return [
    { name: `tasks${ending}`, text: TASKS },
    { name: `worker${ending}`, text: worker(ending) },
    { name: `enqueue${ending}`, text: enqueue(ending) },
  ];
}

/** The files around the code. @param name what the project is called in its package.json */
export function otherFiles(name: string, ending: CodeEnding): ProjectFile[] {
  return [
    { name: "package.json", text: `${JSON.stringify(manifest(name, ending), null, 2)}\n` },
    { name: ".gitignore", text: "node_modules/\ndata/\n" },
  ];
}

/** What the project depends on. */
export const DEPENDENCY = { name: "longshore", range: `^${LONGSHORE_VERSION}` } as const;

/** The scripts of its package.json, which one that exists already lacks. */
export function scriptsFor(ending: CodeEnding): Readonly<Record<string, string>> {
  return {
    worker: `node worker${ending}`,
    enqueue: `node enqueue${ending}`,
    info: "longshore info --url sqlite:data/jobs.db",
    doctor: "longshore doctor --url sqlite:data/jobs.db",
  };
}

function manifest(name: string, ending: CodeEnding) {
  return {
    name,
    private: true,
    type: "module",
    scripts: scriptsFor(ending),
    dependencies: { [DEPENDENCY.name]: DEPENDENCY.range },
  };
}

const TASKS = `// The tasks of this project: what its jobs do. The worker runs them, and who enqueues a job imports them for their names.
import { task } from "longshore";

export const greet = task(
  "greet",
  { queue: "greetings", attempts: 3, timeout: "1m", steps: ["look up", "write"] },
  /** @param {import("longshore").JobContext<{ name: string }, "look up" | "write">} job */
  async ({ input, step }) => {
    // A step that has ended is not run again when the job is tried again, or when its worker was killed.
    const name = await step("look up", () => input.name.trim());
    return step("write", () => \`Hello, \${name}!\`);
  },
);
`;

/** How the other files import the tasks. */
const tasksIn = (ending: CodeEnding): string => `./tasks${ending}`;

const worker = (
  ending: CodeEnding,
) => `// Runs the jobs of the tasks until it is stopped (Ctrl-C); jobs that run may end before it does.
import { connect } from "longshore";
import * as tasks from "${tasksIn(ending)}";

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

const enqueue = (ending: CodeEnding) => `// Enqueues a job and waits for its result: npm run enqueue -- Ada
import { connect } from "longshore";
import { greet } from "${tasksIn(ending)}";

const longshore = await connect(process.env.LONGSHORE_URL ?? "sqlite:data/jobs.db");
const job = await longshore.enqueue(greet, { name: process.argv[2] ?? "world" });
console.log(\`job \${job.id} is queued\`);
console.log(await job.result());
await longshore.close();
`;
