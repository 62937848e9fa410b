/**
 * Stores what people call the tasks of a worker and where they see the results, for those who look at jobs when it is gone. Nothing is
 * asked or stored for a worker whose tasks say neither. Of workers that say different things the last to start is right.
 */
import { randomBytes } from "node:crypto";
import type { DocumentRecord, Engine } from "../../engine/contract/engine.js";
import { LARGEST_DOCUMENT_PAGE } from "../../model/document/document.js";
import { encodeDescription, TASK_DESCRIPTIONS, type TaskDescription } from "../../model/document/task-description.js";

const kind = TASK_DESCRIPTIONS;

/** Stores the descriptions of tasks that differ from the stored ones. */
export async function storeDescriptions(engine: Engine, tasks: readonly TaskDescription[]): Promise<void> {
  if (tasks.every((task) => encodeDescription(task) === null)) return;
  for (let from = 0; from < tasks.length; from += LARGEST_DOCUMENT_PAGE) {
    const some = tasks.slice(from, from + LARGEST_DOCUMENT_PAGE);
    const stored = await engine.getDocuments({ kind, ids: some.map(({ name }) => name) });
    for (const [index, task] of some.entries()) await store(engine, task, stored[index] ?? null);
  }
}

// A conflict needs no second try: another worker has just said what it knows.
async function store(engine: Engine, task: TaskDescription, stored: DocumentRecord | null): Promise<void> {
  const value = encodeDescription(task);
  if (value === (stored?.value ?? null)) return;
  const write = { kind, id: task.name, version: stored?.version ?? 0, op: randomBytes(12).toString("hex") };
  if (value === null) await engine.removeDocument(write);
  else await engine.putDocument({ ...write, value });
}
