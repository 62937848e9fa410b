// What is wrong with a flow is said before anything of it is queued, and where.
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { flow, InvalidInput, PayloadTooLarge, task, type FlowBuilder, type Reference } from "longshore";
import { MOST_LEVELS } from "../../src/model/flow/plan.js";
import { MOST_DEPENDENCIES } from "../../src/model/job/dependency.js";
import { MOST_MEMBERS } from "../../src/model/job/membership.js";
import { fetchPage, parse } from "./flow-tasks.js";
import { FlowFixture } from "./flow-fixture.js";

const note = task<unknown, null>("note");
// What JavaScript may call, and the compiler would not let pass.
type Loose = (task: unknown, input?: unknown, options?: unknown) => Reference<unknown>;

const looseEach = ($: FlowBuilder, ...args: unknown[]): unknown => ($.each as (...all: unknown[]) => unknown)(...args);
const nothing = (): null => null;

let fixture = new FlowFixture();

afterEach(() => {
  const left = Object.keys(fixture.states());
  fixture = new FlowFixture();
  if (left.length > 0) throw new Error(`something was queued: ${left.join(", ")}`);
});

/** The error of a flow that is written like this. */
async function refused(build: ($: FlowBuilder) => unknown): Promise<InvalidInput> {
  const error: unknown = await fixture.longshore.enqueue(flow("f", build)).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InvalidInput);
  return error as InvalidInput;
}

const wrongOptions: readonly [key: string, options: object, field: string, rule: RegExp][] = [
  ["an option that does not exist", { dealy: 1 }, "f.note.dealy", /no such option/],
  ["an id", { id: "x" }, "f.note.id", /gets an id of its own/],
  ["a hold", { hold: true }, "f.note.hold", /held until it is complete/],
  ["a unique key", { unique: { key: "k" } }, "f.note.unique", /give it to the flow/],
  ["a key to supersede", { supersedes: "k" }, "f.note.supersedes", /give it to the flow/],
  ["a wrong name", { name: "a b" }, "f.note.name", /characters/],
  ["a wrong policy", { ifFailed: "retry" }, "f.note.ifFailed", /fail, cancel, continue/],
  ["a policy as an object", { ifFailed: { failed: "fail" } }, "f.note.ifFailed", /fail, cancel, continue/],
  ["a weight of nothing", { weight: 0 }, "f.note.weight", /./],
  ["a wrong flag", { optional: 1 }, "f.note.optional", /true or false/],
  ["a node before it that is no list", { after: "other" }, "f.note.after", /a list of nodes/],
  ["a wrong duration", { timeout: "soon" }, "f.note.timeout", /./],
  ["too many tags", { tags: Array.from({ length: 17 }, (_, n) => `tag ${n}`) }, "f.note.tags", /at most 16/],
  ["no options at all", ["x"] as object, "f.note.options", /an object/],
];

describe("a node is refused", () => {
  it.each(wrongOptions)("with %s", async (_what, options, field, rule) => {
    const error = await refused(($) => ($ as Loose)(note, null, options));

    expect(error.field).toBe(field);
    expect(error.rule).toMatch(rule);
  });

  it("whose task is none", async () => {
    expect((await refused(($) => ($ as Loose)({ name: "x" }))).field).toBe("f.task");
    expect((await refused(($) => ($ as Loose)("no name"))).field).toBe("f.task");
  });

  it("whose name another one has", async () => {
    const error = await refused(($) => {
      $(note, null, { name: "one" });
      $(note, null, { name: "one" });
    });

    expect([error.field, error.rule]).toEqual(["f.note.name", "a name that no other node of the flow has"]);
  });

  it("whose input its task's schema does not allow, where it is known already", async () => {
    const error = await refused(($) => $(fetchPage, { url: "x" }, { name: "home" }));

    expect(error.field).toBe("f.home.input.url");
  });

  it("whose input is no JSON, or too large", async () => {
    expect((await refused(($) => $(note, { at: () => 1 }))).field).toBe("f.note.input.at");
    expect((await refused(($) => [$(note), $(note, { n: Number.NaN, a: $(note) })])).field).toBe("f.note-3.input.n");
    const circle: unknown[] = [];
    circle.push(circle, circle);
    expect((await refused(($) => $(note, circle))).field).toBe("f.note.input[0]");
    const large = flow("f", ($) => $(note, "x".repeat(200_000)));
    await expect(fixture.longshore.enqueue(large)).rejects.toThrow(PayloadTooLarge);
    await expect(fixture.longshore.enqueue(large)).rejects.toThrow("f.note.input: 200002 bytes");
  });
});

describe("a reference is refused", () => {
  it("that another flow's builder made", async () => {
    let strange: Reference<unknown> | null = null;
    await refused(($) => {
      strange = ($ as Loose)(note).html as Reference<unknown>;
      throw new InvalidInput("x", 1, "y");
    });
    const error = await refused(($) => {
      $(note);
      $(note, { deep: [{ html: strange }] });
    });

    expect(error.message).toContain('f.note-2.input.deep[0].html: "[reference to note.html]" is not allowed');
  });

  it("after its flow was written", async () => {
    let kept: Reference<unknown> | null = null;
    const leaky = flow("f", ($) => {
      kept = $(note);
      throw new TypeError("stop");
    });
    await expect(fixture.longshore.enqueue(leaky)).rejects.toThrow("stop");

    await expect(fixture.longshore.enqueue(note, { x: kept })).rejects.toThrow("it has no value before the flow runs");
  });

  it("when its value is looked for", async () => {
    const looks: readonly ((page: Reference<{ html: string; links: string[] }>) => unknown)[] = [
      (page) => `page: ${page.html as unknown as string}`,
      (page) => [...(page.links as unknown as string[])],
      (page) => Object.keys(page),
      (page) => Object.assign(page, { html: "x" }),
    ];
    for (const look of looks) {
      const error = await refused(($) => look($(fetchPage, { url: "abc" })));
      expect(error.field).toBe("reference");
    }
  });

  it("to an item, outside of what its own each makes of it", async () => {
    let kept: unknown;
    const error = await refused(($) => {
      const page = $(fetchPage, { url: "abc" });
      $.each(note, page.links, (link) => (kept = link));
      $(note, kept);
    });

    expect([error.field, error.rule]).toEqual([
      "f.note-2.input",
      "an item stands only in what its own $.each makes of it",
    ]);
  });
});

describe("a flow is refused", () => {
  it("without a node", async () => {
    expect((await refused(() => null)).rule).toContain("at least one node");
  });

  it("that waits in a circle", async () => {
    const error = await refused(($) => {
      $(note, null, { name: "start" });
      $(note, null, { name: "a", after: ["c", "start"] });
      $(note, null, { name: "b", after: ["a"] });
      $(note, null, { name: "c", after: ["b"] });
      $(note, null, { name: "end", after: ["c"] });
    });

    expect(error.message).toBe('f.a.after: "a → c → b → a" is not allowed: nodes that do not wait in a circle');
    expect((await refused(($) => $(note, null, { after: ["note"] }))).message).toContain("note → note");
  });

  it("that names a node which is not there", async () => {
    const error = await refused(($) => $(note, null, { after: ["nobody"] }));

    expect([error.field, error.rule]).toEqual(["f.note.after[0]", "a node of this flow: what $ answered, or its name"]);
  });

  it("that is asynchronous, or goes on after it has answered", async () => {
    let late: FlowBuilder | null = null;
    const error = await refused(async ($) => {
      late = $;
      $(note);
      await Promise.resolve();
      $(note);
    });

    expect(error.rule).toContain("not asynchronous");
    expect(() => late?.(note)).toThrow("only while the function of the flow runs");
  });

  it("with more nodes, longer chains or wider joins than the limits", async () => {
    const wide = await refused(($) => {
      for (let n = 0; n <= MOST_MEMBERS; n += 1) $(note);
    });
    const long = await refused(($) => {
      let last = $(note);
      for (let n = 0; n < MOST_LEVELS; n += 1) last = $(note, last);
    });
    const joined = await refused(($) => {
      $(
        note,
        Array.from({ length: MOST_DEPENDENCIES + 1 }, () => $(note)),
      );
    });

    expect(wide.message).toMatch(/"10001 nodes" is not allowed: at most 10000/);
    expect(long.message).toMatch(/"1001 nodes in a row" is not allowed: at most 1000/);
    expect(joined.message).toMatch(/f\.note-1002: "1001 nodes before it" .*use \$\.each/);
  });

  it("whose each has no list that is known later, or nothing to make of it", async () => {
    const noList = await refused(($) => looseEach($, note, ["a"], (item: unknown) => item));
    const noInput = await refused(($) => looseEach($, note, $(note), "x"));

    expect([noList.field, noList.rule]).toEqual(["f.note.list", expect.stringContaining("call $ in a loop")]);
    expect(noInput.field).toBe("f.note-2.input");
    expect(
      (await refused(($) => $.each(parse, $(fetchPage, { url: "abc" }).links, () => ({ html: "" }), { attempts: -1 })))
        .field,
    ).toBe("f.parse.attempts");
  });

  it("with options that only its nodes can have, or keys that need a start", async () => {
    const one = flow("f", ($) => $(note));
    const enqueue = (options: object) => fixture.longshore.enqueue(one, undefined, options);

    await expect(enqueue({ delay: "1m" })).rejects.toThrow(
      'delay: "1m" is not allowed: not for a flow: give it to the nodes',
    );
    await expect(enqueue({ attempts: 2 })).rejects.toThrow("no worker runs");
    await expect(enqueue({ nonsense: 2 })).rejects.toThrow("no such option");
    await expect(enqueue({ unique: { key: "k", until: "started" } })).rejects.toThrow("unique.until");
    await expect(enqueue({ unique: { key: "k", onConflict: "replace" } })).rejects.toThrow("unique.onConflict");
    await expect(enqueue({ unique: { key: "k", debounce: "1m" } })).rejects.toThrow("unique.debounce");
    await expect(enqueue({ unique: { kee: "k" } })).rejects.toThrow("unique.kee");
    await expect(enqueue(["x"])).rejects.toThrow("an object of options");
  });

  it("whose input its schema does not allow, or whose result is no JSON", async () => {
    const typed = flow("typed", { input: z.object({ url: z.string() }) }, ($) => $(note, $.input.url));

    await expect(fixture.longshore.enqueue(typed, { url: 7 } as never)).rejects.toThrow("input.url");
    expect((await refused(($) => ({ page: $(note), at: () => 1 }))).field).toBe("f.result.at");
  });
});

describe("a definition is refused", () => {
  it("with a wrong name, option, schema or function", () => {
    expect(() => flow("a b", nothing)).toThrow(InvalidInput);
    expect(() => flow("f", { attempts: 2 } as object, nothing)).toThrow(
      "no such option; known: queue, input, tags, keep",
    );
    expect(() => flow("f", { queue: "" }, nothing)).toThrow("queue");
    expect(() => flow("f", { tags: "x" as unknown as string[] }, nothing)).toThrow("tags");
    expect(() => flow("f", { input: {} as never }, nothing)).toThrow("a Standard Schema");
    expect(() => flow("f", {}, undefined as never)).toThrow("a function of $");
  });
});
