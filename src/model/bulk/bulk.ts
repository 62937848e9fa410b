/** Bulk jobs: the built-in task that does something to all jobs that match a filter, and the queue of the platform it runs in. */
import { BUILT_IN } from "../flow/each.js";
import { PLATFORM_PREFIX } from "../value/name.js";

/** The queue of bulk jobs. Workers give it a slot of its own. */
export const BULK_QUEUE = `${PLATFORM_PREFIX}bulk`;

/** The task of a bulk job. */
export const BULK_TASK = `${BUILT_IN}bulk`;
