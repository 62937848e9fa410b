/**
 * Times in JSON for scripts: ISO 8601 in UTC, as the HTTP API has them. Records hold epoch milliseconds; which of their fields are times
 * their names say. What an application stored is left as it is.
 */
const TIMES = /^(?:\w+At|at|since|until|from|to|start|end|anchor|next|nextDue|lastDue|deadline)$/;
/** What an application stored, under names of its own. */
const STORED: ReadonlySet<string> = new Set([
  "input",
  "result",
  "output",
  "value",
  "meta",
  "data",
  "counters",
  "extra",
]);
/** Epoch milliseconds of this age: no duration and no count under these names comes near. */
const EARLIEST = 1_000_000_000_000;
const LATEST = 8_640_000_000_000_000;

/** The value with its times as text. */
export function withTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withTimes);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, fieldOf(name, field)]));
}

function fieldOf(name: string, field: unknown): unknown {
  if (STORED.has(name)) return field;
  if (Array.isArray(field)) return field.map((each) => fieldOf(name, each));
  if (typeof field !== "number") return withTimes(field);
  return TIMES.test(name) && field >= EARLIEST && field <= LATEST ? new Date(field).toISOString() : field;
}
