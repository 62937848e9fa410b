/** Adding the jobs of a round, 1,000 in a call. */
import type { Payload } from "./payload.js";
import type { Line } from "./system.js";

/** How many jobs travel in a call. */
export const BULK = 1_000;

/** Adds all of them; answers their ids in order. */
export async function addAll(line: Line, payloads: readonly Payload[]): Promise<string[]> {
  const ids: string[] = [];
  for (let from = 0; from < payloads.length; from += BULK) {
    for (const id of await line.addBulk(payloads.slice(from, from + BULK))) ids.push(id);
  }
  return ids;
}
