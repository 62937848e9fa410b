// What reaches a terminal: nothing that a terminal would obey, tables that fit, and a question before destruction.
import { PassThrough } from "node:stream";
import { expect, test, vi } from "vitest";
import { confirm } from "../../src/cli/terminal/confirm.js";
import { Refused } from "../../src/cli/terminal/exit.js";
import { Output } from "../../src/cli/terminal/output.js";
import { paint } from "../../src/cli/terminal/table.js";
import { jsonText, plain } from "../../src/cli/terminal/terminal-text.js";

const attacks = [
  "\u001b]0;owned\u0007",
  "\u001b]8;;http://evil.example\u001b\\link\u001b]8;;\u001b\\",
  "\u001b[2J\u001b[1;1H",
  "\u009b31m",
  "\u009d0;owned\u009c",
  "\u001bP1$r\u001b\\",
  "\r\n\b\u007f\u0000",
  "\u2028\u2029",
  "\u202egnp.exe\u2066",
];

function screen(columns: number, depth = 8) {
  const written: string[] = [];
  const write = (text: string): void => void written.push(text);
  return { stream: { write, isTTY: true, columns, getColorDepth: () => depth }, text: () => written.join("") };
}

test.each(attacks)("the text %j does nothing to a terminal", (attack) => {
  const { stream, text } = screen(80, 1);
  const out = new Output(false, stream, stream);
  out.line("a", attack, paint("red", attack), "z");
  out.note(attack);
  out.block(`one\n${attack}`);
  out.table([{ title: "NAME" }, { title: "ERROR" }], [[attack, paint("red", attack)]]);
  expect(text()).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u);
  expect(text()).toContain("z\n");
});

test.each(attacks)("JSON with the text %j does nothing to a terminal, and reads back the same", (attack) => {
  expect(jsonText({ attack })).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u);
  expect(JSON.parse(jsonText({ attack }))).toEqual({ attack });
});

test("what follows a control character stays, as text: no sequence has to be found", () => {
  expect(plain("a\u001b[2Jb")).toBe("a[2Jb");
  expect(plain("\u001b]0;owned\u0007")).toBe("]0;owned");
  // Of this Node's own expression for sequences makes a search of quadratic length.
  expect(plain("\u001b;?;?;?")).toBe(";?;?;?");
});

test("every character is looked at once, and no more of them than are shown", () => {
  const looked: [pattern: string, length: number][] = [];
  const original = RegExp.prototype[Symbol.replace];
  const spy = vi.spyOn(RegExp.prototype, Symbol.replace).mockImplementation(function (this: RegExp, text, by) {
    looked.push([this.source, text.length]);
    return Reflect.apply(original, this, [text, by]);
  });
  const attack = `\u001b${";?".repeat(10_000)}`;
  const { stream, text } = screen(80, 1);
  new Output(false, stream).table([{ title: "NAME" }, { title: "ERROR" }], [[attack, paint("red", attack)]]);
  spy.mockRestore();

  // A single class of characters, repeated at most: there is nothing to go back to.
  for (const [pattern] of looked) expect(pattern).toMatch(/^\[[^\]]*\]\+?$/);
  expect(looked.reduce((sum, [, length]) => sum + length, 0)).toBeLessThan(30_000);
  expect(text().length).toBeLessThan(5_000);
});

test("a column is not as wide as whatever stands in one of its cells", () => {
  const { stream, text } = screen(80, 1);
  new Output(false, stream).table(
    [{ title: "NAME" }, { title: "N", align: "right" }],
    [
      ["n".repeat(5_000), "1"],
      ["b", "2"],
    ],
  );
  for (const line of text().split("\n")) expect(line.length).toBeLessThan(210);
});

test("a table keeps its columns apart and cuts the last one to the screen", () => {
  const { stream, text } = screen(30, 1);
  new Output(false, stream).table(
    [{ title: "ID" }, { title: "N", align: "right" }, { title: "ERROR" }],
    [
      ["a-long-id", "7", "an error message that is far too long"],
      ["b", "1234", "short"],
    ],
  );
  expect(text()).toBe(
    ["ID            N  ERROR", "a-long-id     7  an error message th…", "b          1234  short", ""].join("\n"),
  );
});

test("colours are for screens that have them", () => {
  const [colourful, plain] = [screen(80, 8), screen(80, 1)];
  for (const { stream } of [colourful, plain]) new Output(false, stream).line(paint("red", "failed"));
  expect(colourful.text()).toBe("\u001b[31mfailed\u001b[39m\n");
  expect(plain.text()).toBe("failed\n");
});

function terminal(typed: string | null) {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = Object.assign(new PassThrough(), { isTTY: true });
  if (typed === null) input.end();
  else input.write(`${typed}\n`);
  return { input, output };
}

test.each(["y", "yes", "Y"])("%j confirms", async (typed) => {
  const { input, output } = terminal(typed);
  await confirm("remove 3 jobs", undefined, { input, output });
  expect(String(output.read())).toContain("This will remove 3 jobs. Go on? [y/N]");
});

test.each(["n", "", "yep", null])("%j does not confirm", async (typed) => {
  await expect(confirm("remove 3 jobs", undefined, terminal(typed))).rejects.toThrow(Refused);
});

test("without a terminal to ask at, it takes --yes", async () => {
  const streams = { input: new PassThrough(), output: new PassThrough() };
  await expect(confirm("remove 3 jobs", undefined, streams)).rejects.toThrow(/would remove 3 jobs.*--yes/);
  await expect(confirm("remove 3 jobs", true, streams)).resolves.toBeUndefined();
});

test("times in JSON are text, and what an application stored is left as it is", () => {
  const { stream, text } = screen(80);
  const at = Date.UTC(2026, 0, 2);
  const stored = { input: { at }, result: at, meta: { startedAt: at }, counters: { from: at } };
  new Output(true, stream, stream).document({
    runAt: at,
    finishedAt: null,
    next: [at],
    steps: [{ at, value: { at } }],
    took: 5,
    ...stored,
  });
  const iso = "2026-01-02T00:00:00.000Z";
  const steps = [{ at: iso, value: { at } }];
  expect(JSON.parse(text())).toEqual({ runAt: iso, finishedAt: null, next: [iso], steps, took: 5, ...stored });
});
