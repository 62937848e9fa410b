/** What people call the tasks, where they see the results of their jobs, and what of these is secret, as workers have said it. */
import type { Engine } from "../engine/contract/engine.js";
import { LARGEST_DOCUMENT_PAGE } from "../model/document/document.js";
import { decodeDescription, TASK_DESCRIPTIONS, type TaskDescription } from "../model/document/task-description.js";

/** All of them, by the names of the tasks. */
export async function listDescriptions(engine: Engine): Promise<TaskDescription[]> {
  const tasks: TaskDescription[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Engine["listDocuments"]>> = await engine.listDocuments({
      ...{ kind: TASK_DESCRIPTIONS, cursor, limit: LARGEST_DOCUMENT_PAGE, reverse: false },
    });
    for (const { id, value } of page.documents) tasks.push(decodeDescription(id, value));
    ({ cursor } = page);
  } while (cursor !== null);
  return tasks;
}
