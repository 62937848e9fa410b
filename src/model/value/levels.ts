/** Topological order, level by level. */

/** Items by levels: those of a level wait only for items of the levels before it. */
export interface Levels<Thing> {
  readonly levels: readonly (readonly Thing[])[];
  /** Items in a circle, and items that wait for one; empty without circles. */
  readonly circular: readonly Thing[];
}

/**
 * Sorts items into levels, in the order given within each.
 * @param waitsFor the dependencies of an item; those that are not among the items are left out
 */
export function levelsOf<Thing>(things: readonly Thing[], waitsFor: (thing: Thing) => Iterable<Thing>): Levels<Thing> {
  const order = new Map(things.map((thing, index) => [thing, index]));
  const waiting = new Map<Thing, number>();
  const followers = new Map<Thing, Thing[]>();
  for (const thing of things) {
    const before = [...new Set(waitsFor(thing))].filter((other) => order.has(other));
    waiting.set(thing, before.length);
    for (const other of before) {
      const known = followers.get(other);
      if (known === undefined) followers.set(other, [thing]);
      else known.push(thing);
    }
  }
  const levels: Thing[][] = [];
  let level = things.filter((thing) => waiting.get(thing) === 0);
  while (level.length > 0) {
    levels.push(level);
    const next: Thing[] = [];
    for (const thing of level) {
      waiting.delete(thing);
      for (const follower of followers.get(thing) ?? []) {
        const left = (waiting.get(follower) ?? 0) - 1;
        waiting.set(follower, left);
        if (left === 0) next.push(follower);
      }
    }
    level = next.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  }
  return { levels, circular: things.filter((thing) => waiting.has(thing)) };
}
