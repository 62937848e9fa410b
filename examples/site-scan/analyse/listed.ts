// A list of things in a sentence, cut short.

const shown = 3;
const longest = 80;

/** `a, b, c and 4 more`; each thing at most 80 characters. */
export function listed(things: readonly string[]): string {
  const first = things
    .slice(0, shown)
    .map((thing) => (thing.length > longest ? `${thing.slice(0, longest - 1)}…` : thing));
  const more = things.length - first.length;
  return more > 0 ? `${first.join(", ")} and ${more} more` : first.join(", ");
}
