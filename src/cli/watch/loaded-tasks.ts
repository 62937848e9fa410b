/** The tasks of some files as they are at one moment, loaded by a thread that is asked about them until it is closed. */
import { Worker } from "node:worker_threads";
import type { SchemaResult, StandardSchema } from "../../define/schema.js";
import { task, type AnyTask } from "../../define/task.js";
import { UsageError } from "../terminal/exit.js";
import type { InputAnswer, InputQuestion, LoadedTask, TasksReport, TasksRequest } from "./tasks-message.js";

const program = new URL("./tasks-program.js", import.meta.url);

export class LoadedTasks {
  /** The tasks, without their handlers; their inputs are checked by the thread. */
  readonly tasks: readonly AnyTask[];
  readonly #thread: Worker;
  readonly #questions = new Map<number, (answer: InputAnswer) => void>();
  #asked = 0;
  #gone = false;

  private constructor(thread: Worker, tasks: readonly LoadedTask[]) {
    this.#thread = thread;
    this.tasks = tasks.map((loaded) => this.#taskOf(loaded));
    thread.on("message", (answer: InputAnswer) => this.#questions.get(answer.id)?.(answer));
    thread.on("exit", () => this.#settleAll());
    // Code that throws later on must not end the server; workers that do so say it.
    thread.on("error", () => {});
    thread.unref();
  }

  /**
   * Loads them.
   * @param signal gives it up, when loading takes for ever
   * @throws UsageError when they cannot be loaded, with a `SyntaxError` as its cause when a file does not compile
   */
  static async load(request: TasksRequest, signal: AbortSignal): Promise<LoadedTasks> {
    // What tasks print when they are loaded, workers print too.
    const thread = new Worker(program, { workerData: request, stdout: true, stderr: true });
    thread.stdout.resume();
    thread.stderr.resume();
    const giveUp = (): void => void thread.terminate();
    signal.addEventListener("abort", giveUp);
    const report = await firstMessage(thread);
    signal.removeEventListener("abort", giveUp);
    if ("tasks" in report) return new LoadedTasks(thread, report.tasks);
    await thread.terminate();
    throw new UsageError(report.error, report.syntax ? { cause: new SyntaxError(report.error) } : {});
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  #taskOf({ name, queue, defaults, checks }: LoadedTask): AnyTask {
    const options = { queue, ...defaults };
    return checks ? task(name, { ...options, input: this.#schemaOf(name) }) : task(name, options);
  }

  #schemaOf(name: string): StandardSchema {
    const validate = async (input: unknown): Promise<SchemaResult<unknown>> => {
      const { issues } = await this.#ask({ task: name, input });
      return issues.length > 0 ? { issues } : { value: input };
    };
    return { "~standard": { version: 1, vendor: "longshore", validate } };
  }

  #ask(question: Omit<InputQuestion, "id">): Promise<InputAnswer> {
    const id = (this.#asked += 1);
    if (this.#gone) return Promise.resolve({ id, issues: [] });
    return new Promise((resolve) => {
      this.#questions.set(id, (answer) => {
        this.#questions.delete(id);
        resolve(answer);
      });
      this.#thread.postMessage({ id, ...question }, []);
    });
  }

  /** A thread that is gone answers nothing: the worker checks the input again anyway. */
  #settleAll(): void {
    this.#gone = true;
    for (const [id, settle] of this.#questions) settle({ id, issues: [] });
  }
}

/** What a thread says first; an end without a word is an error. */
function firstMessage(thread: Worker): Promise<TasksReport> {
  return new Promise((resolve) => {
    thread.once("message", resolve);
    thread.once("error", (error) => resolve({ error: error.message, syntax: false }));
    thread.once("exit", (code) => resolve({ error: `the files ended the process, with code ${code}`, syntax: false }));
  });
}
