// Where the replies in a stream of the Redis protocol (2 and 3) end, for a proxy that cuts between them.

const LENGTHS = new Set(["$", "=", "!"]);
/** How many replies an element of each kind of collection has. */
const COLLECTIONS = new Map([
  ["*", 1],
  ["~", 1],
  [">", 1],
  ["%", 2],
]);

/** Where the reply that begins at `from` ends; -1 when it is not all there. */
export function endOfReply(bytes: Buffer, from: number): number {
  const line = bytes.indexOf("\r\n", from);
  if (line === -1) return -1;
  const kind = String.fromCharCode(bytes[from] ?? 0);
  const size = Number(bytes.toString("latin1", from + 1, line));
  const next = line + 2;
  if (LENGTHS.has(kind)) {
    const end = size < 0 ? next : next + size + 2;
    return end <= bytes.length ? end : -1;
  }
  const parts = size * (COLLECTIONS.get(kind) ?? 0);
  let end = next;
  for (let part = 0; part < parts && end !== -1; part += 1) end = endOfReply(bytes, end);
  return end;
}
