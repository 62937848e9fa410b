// The types of flows, checked by the compiler (`npm run typecheck`): a reference has the type of what its node gives, and a
// wrong one does not compile.
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { flow, task, type FlowBuilder, type FlowJob, type Longshore, type Reference } from "longshore";

interface Found {
  title: string;
  at: Date;
  salary?: number;
  tags: string[];
}

const fetchPage = task<{ url: string; depth?: number }, { html: string; links: string[]; next: string | null }>(
  "fetch",
);
const parse = task(
  "parse",
  { input: z.object({ html: z.string(), lang: z.string().default("en") }) },
  (): { items: Found[]; best: Found | null; pair: [string, number] } => ({ items: [], best: null, pair: ["", 0] }),
);
const store = task<
  { items: { title: string; salary?: number | null | undefined }[]; about?: string | null },
  { rows: number }
>("store");
const enrich = task<{ titles: string[] }, { about: string }>("enrich");
const when = task<{ at: Date }, void>("when");
const bare = task("bare", {}, () => 7);
const anything = task("anything");

const scrape = flow("scrape", { input: z.object({ url: z.string(), enrich: z.boolean().default(true) }) }, ($) => {
  expectTypeOf($.input).toEqualTypeOf<{ url: string; enrich: boolean }>();
  const page = $(fetchPage, { url: $.input.url });
  expectTypeOf(page).toEqualTypeOf<Reference<{ html: string; links: string[]; next: string | null }>>();
  expectTypeOf(page.html).toEqualTypeOf<Reference<string>>();
  const list = $(parse, { html: page.html }, { attempts: 2, after: [page], weight: 3 });
  expectTypeOf(list.items[0]).toExtend<Reference<{ title: string; at: string }>>();
  expectTypeOf(list.items[0].at).toEqualTypeOf<Reference<string>>();
  // A property that was left out, and what is taken from what may be null, may be null.
  expectTypeOf(list.items[0].salary).toEqualTypeOf<Reference<number | null>>();
  expectTypeOf(list.best.title).toEqualTypeOf<Reference<string | null>>();

  // @ts-expect-error a field that the task does not give
  $(parse, { html: page.text });
  // @ts-expect-error a field of the wrong type
  $(parse, { html: page.links });
  // @ts-expect-error a part that may be null, where the task needs text
  $(parse, { html: page.next });
  // @ts-expect-error a list instead of the whole
  $(parse, page.links);
  // @ts-expect-error a missing field
  $(parse, { lang: "de" });
  // @ts-expect-error a field that does not exist
  $(parse, { html: page.html, long: "de" });
  // @ts-expect-error a date is text once it was stored
  $(when, { at: list.items[0].at });
  // @ts-expect-error no input at all
  $(fetchPage);
  // @ts-expect-error an option that a node does not have
  $(fetchPage, { url: "u" }, { unique: { key: "k" } });
  // @ts-expect-error a policy that does not exist
  $(fetchPage, { url: "u" }, { ifFailed: "retry" });
  // @ts-expect-error a wrong type deep in a list
  $(store, { items: [{ title: page.links }] });
  // @ts-expect-error a list of other items
  $(store, { items: page.links });

  // References anywhere in an input: a whole list, parts of its items, beside values.
  $(store, { items: list.items });
  $(store, { items: [list.items[0], { title: page.html, salary: list.items[1].salary }, { title: "own" }] });
  $(enrich, { titles: page.links });
  $(enrich, { titles: [page.html, "own", list.pair[0]] });
  $(when, { at: new Date() });
  $(bare);
  $(anything, { deep: [{ any: page.html }] });
  const named = $("by-name", { html: page.html });
  expectTypeOf(named).toEqualTypeOf<Reference<unknown>>();
  $(anything, { any: named["any"]?.["thing"] });
  // What a node gives may have more than another one takes.
  $(parse, page);

  const extra = $(enrich, { titles: page.links }, { optional: true });
  expectTypeOf(extra).toEqualTypeOf<Reference<{ about: string } | null>>();
  expectTypeOf(extra.about).toEqualTypeOf<Reference<string | null>>();
  const perhaps = $(enrich, { titles: page.links }, { optional: $.input.enrich });
  expectTypeOf(perhaps).toEqualTypeOf<Reference<{ about: string } | null>>();
  // @ts-expect-error what is optional may be null
  $(parse, { html: extra.about });
  const saved = $(store, { items: list.items, about: extra.about });

  const pages = $.each(fetchPage, page.links, (link) => {
    expectTypeOf(link).toEqualTypeOf<Reference<string>>();
    return { url: link, depth: 2 };
  });
  expectTypeOf(pages).toEqualTypeOf<Reference<({ html: string; links: string[]; next: string | null } | null)[]>>();
  $.each(parse, pages, (one) => ({ html: "x", lang: one.html as unknown as string }));
  $.each(store, list.items, (item) => ({ items: [{ title: item.title }, { title: page.html }] }), { attempts: 2 });
  // @ts-expect-error no list
  $.each(fetchPage, page.html, (link) => ({ url: link }));
  // @ts-expect-error an input that the task does not take
  $.each(fetchPage, list.items, (item) => ({ url: item.tags }));
  const optional = $.each(bare, page.links, () => undefined, { optional: true });
  expectTypeOf(optional).toEqualTypeOf<Reference<(number | null)[] | null>>();

  return { rows: saved.rows, about: extra.about, first: list.items[0], pages, url: $.input.url, list: [page.html] };
});
const pair = flow("pair", ($: FlowBuilder<{ a: string }>) => $(fetchPage, { url: $.input.a }).html);
const nothing = flow("nothing", ($) => {
  $(bare);
});
const withOptions = flow("with-options", { tags: ["a"], queue: "flows" }, ($: FlowBuilder<number>) => [
  $(bare),
  $.input,
]);

// Never called: only compiled.
export async function uses(longshore: Longshore): Promise<void> {
  const job = await longshore.enqueue(scrape, { url: "u" }, { tags: ["user:42"], unique: { key: "k" } });
  expectTypeOf(await job.result()).toEqualTypeOf<{
    rows: number;
    about: string | null;
    first: { title: string; at: string; salary?: number | undefined; tags: string[] };
    pages: ({ html: string; links: string[]; next: string | null } | null)[];
    url: string;
    list: string[];
  }>();
  expectTypeOf(await (await longshore.enqueue(pair, { a: "u" })).result()).toEqualTypeOf<string>();
  expectTypeOf(await (await longshore.enqueue(nothing)).result()).toEqualTypeOf<null>();
  expectTypeOf(await (await longshore.enqueue(withOptions, 7)).result()).toEqualTypeOf<number[]>();
  expectTypeOf(await longshore.flow<number>("id")).toEqualTypeOf<FlowJob<number> | null>();
  // @ts-expect-error an input that the flow does not take
  await longshore.enqueue(scrape, { uri: "u" });
  // @ts-expect-error no input
  await longshore.enqueue(pair);
  // @ts-expect-error an option of jobs that a flow does not have
  await longshore.enqueue(pair, { a: "u" }, { delay: "5m" });
  // @ts-expect-error a flow has no start
  await longshore.enqueue(pair, { a: "u" }, { unique: { key: "k", until: "started" } });
  // @ts-expect-error many flows at once
  await longshore.enqueueMany(pair, [{ a: "u" }]);
  // @ts-expect-error no worker runs flows
  longshore.worker([pair]);

  const first = await longshore.enqueue(bare);
  await longshore.enqueue(bare, undefined, { after: [first, { queue: "q", id: "x" }, { job, ifFailed: "continue" }] });
  // @ts-expect-error a policy that does not exist
  await longshore.enqueue(bare, undefined, { after: [first], ifFailed: "retry" });
  // @ts-expect-error an id alone
  await longshore.enqueue(bare, undefined, { after: ["x"] });
}

describe("a flow as a value", () => {
  it("has a name, a queue and its defaults, and has done nothing yet", () => {
    expect(scrape).toMatchObject({ name: "scrape", queue: null, defaults: {} });
    expect(withOptions).toMatchObject({ queue: "flows", defaults: { tags: ["a"] }, schema: null });
    expect(Object.isFrozen(scrape)).toBe(true);
  });
});
