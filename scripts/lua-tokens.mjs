// Takes the text of a composed Redis script (Lua 5.1) apart: its tokens, each with the file and line it comes from, and what
// comments say about keys.

/** @typedef {{ file: string, line: number }} Place */
/** @typedef {{ kind: "name" | "text" | "number" | "sign" | "end", value: string, place: Place }} Token */

const TOKEN =
  /(?<space>\s+)|(?<comment>--\[(=*)\[[\s\S]*?\]\3\]|--[^\n]*)|(?<long>\[(=*)\[[\s\S]*?\]\5\])|(?<text>'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*")|(?<name>[A-Za-z_]\w*)|(?<number>0[xX][\da-fA-F]+|\d+\.?\d*(?:[eE][+-]?\d+)?)|(?<sign>\.\.\.|\.\.|[=~<>]=|[^\s\w])/gy;
const WORDS = new Set(
  "and break do else elseif end false for function if in local nil not or repeat return then true until while".split(
    " ",
  ),
);

/**
 * Comments `--@ path` say that another file begins, and `--@ back` that it ends (see check-scripts.mjs); `-- keys: a b` at the
 * end of a line which keys that line means.
 * @param {string} text
 * @returns {{ tokens: Token[], notes: Map<string, string[]> }} notes by file and line
 * @throws {SyntaxError} for what is not Lua
 */
export function tokensOf(text) {
  /** @type {Token[]} */
  const tokens = [];
  /** @type {Map<string, string[]>} */
  const notes = new Map();
  const files = [{ file: "", line: 1 }];
  let isBack = false;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const found = TOKEN.exec(text);
    const here = files.at(-1) ?? { file: "", line: 1 };
    const place = { ...here };
    if (found?.groups === undefined) throw new SyntaxError(`${place.file}:${place.line}: this is not Lua`);
    const { comment, long, text: quoted, name, number } = found.groups;
    const value = found[0];
    here.line += value.split("\n").length - 1;
    if (found.groups["space"] !== undefined) continue;
    if (comment !== undefined) {
      const [, file] = /^--@ (\S+)$/.exec(comment) ?? [];
      if (file !== undefined) {
        // Files that are pasted in a row stand on the one line that names them.
        if (file === "back") files.pop();
        else {
          if (isBack) here.line -= 1;
          files.push({ file, line: 0 });
        }
        isBack = file === "back";
      }
      const [, keys] = /^-- keys: (.*)$/.exec(comment) ?? [];
      if (keys !== undefined) {
        const words = keys.replaceAll(/\([^)]*\)/g, "").split(/\s+/);
        notes.set(`${place.file}:${place.line}`, words.filter(Boolean));
      }
      continue;
    }
    isBack = false;
    const string = quoted ?? long;
    if (string !== undefined) tokens.push({ kind: "text", value: string.slice(1, -1), place });
    else if (number !== undefined) tokens.push({ kind: "number", value, place });
    else if (name !== undefined && !WORDS.has(name)) tokens.push({ kind: "name", value, place });
    else tokens.push({ kind: "sign", value, place });
  }
  tokens.push({ kind: "end", value: "", place: { ...(files[0] ?? { file: "", line: 1 }) } });
  return { tokens, notes };
}

/** Goes through tokens, one after the other. */
export class Cursor {
  /** @type {readonly Token[]} */
  #tokens;
  #at = 0;

  /** @param {readonly Token[]} tokens the last of which is the end */
  constructor(tokens) {
    this.#tokens = tokens;
  }

  get token() {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new SyntaxError("the script ends too early");
    return token;
  }

  /** The one after it. */
  get next() {
    return this.#tokens[this.#at + 1];
  }

  skip(count = 1) {
    this.#at += count;
  }

  /** @param {string} what @returns {never} */
  fail(what) {
    const { value, place } = this.token;
    throw new SyntaxError(`${place.file}:${place.line}: "${value}" ${what}`);
  }

  /** @param {string} sign */
  is(sign) {
    return this.token.kind === "sign" && this.token.value === sign;
  }

  /** @param {string} sign */
  accept(sign) {
    if (!this.is(sign)) return false;
    this.skip();
    return true;
  }

  /** @param {string} sign */
  expect(sign) {
    if (!this.accept(sign)) this.fail(`stands where "${sign}" was due`);
  }

  name() {
    const { kind, value } = this.token;
    if (kind !== "name") this.fail("stands where a name was due");
    this.skip();
    return value;
  }
}
