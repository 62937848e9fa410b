/** Pages of lists that the client gives whole: by a key that orders them, so that what is added or removed meanwhile shifts nothing. */
import { z } from "@hono/zod-openapi";

/** The cursor of a page that is answered. */
export const Cursor = z.string().nullable().openapi({ description: "For the next page; null at the end" });

/** The page after a cursor. Keys are unique; the list is answered in their order. */
export function pageOf<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
): { readonly items: readonly Item[]; readonly cursor: string | null } {
  const keyed = items.map((item) => ({ item, key: keyOf(item) }));
  const rest = keyed
    .filter(({ key }) => cursor === undefined || key > cursor)
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const page = rest.slice(0, limit);
  return { items: page.map(({ item }) => item), cursor: rest.length > limit ? (page.at(-1)?.key ?? null) : null };
}
