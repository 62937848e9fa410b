// Reads a composed Redis script (Lua 5.1) as far as check-scripts.mjs needs it: which names are declared where, what each
// function refers to, which keys of the queue it names, and how many local variables are alive at once. It parses whole
// chunks, so none of that is a guess; what it cannot tell about a key it says.
import { KEY_NAME } from "./lua-functions.mjs";
import { Names } from "./lua-names.mjs";
import { Cursor, tokensOf } from "./lua-tokens.mjs";

/** @typedef {import("./lua-tokens.mjs").Place} Place */
/** @typedef {import("./lua-functions.mjs").Binding} Binding */
/** @typedef {import("./lua-functions.mjs").LuaFunction} LuaFunction */
/** @typedef {import("./lua-functions.mjs").Value} Value */

const BLOCK_ENDS = new Set(["end", "else", "elseif", "until"]);
/** @type {Record<string, [left: number, right: number]>} */
const PRIORITIES = {
  ...{ or: [1, 1], and: [2, 2], "<": [3, 3], ">": [3, 3], "<=": [3, 3], ">=": [3, 3], "~=": [3, 3], "==": [3, 3] },
  ...{ "..": [5, 4], "+": [6, 6], "-": [6, 6], "*": [7, 7], "/": [7, 7], "%": [7, 7], "^": [10, 9] },
};
const UNARY = 8;

/**
 * Parses a chunk.
 * @param {string} text
 * @param {readonly string[]} given names that exist already
 * @returns {{ main: LuaFunction, functions: LuaFunction[], unknown: { name: string, place: Place }[] }}
 * @throws {SyntaxError} for what is not Lua
 */
export function parse(text, given) {
  return new Parser(text, given).chunk();
}

class Parser {
  #tokens;
  #names;

  /** @param {string} text @param {readonly string[]} given */
  constructor(text, given) {
    const { tokens, notes } = tokensOf(text);
    this.#tokens = new Cursor(tokens);
    this.#names = new Names(given, notes);
  }

  chunk() {
    this.#block();
    if (this.#token.kind !== "end") this.#tokens.fail("does not belong here");
    return this.#names.result;
  }

  get #token() {
    return this.#tokens.token;
  }

  /** @param {string} sign */
  #is(sign) {
    return this.#tokens.is(sign);
  }

  /** @param {string} sign */
  #accept(sign) {
    return this.#tokens.accept(sign);
  }

  /** @param {string} sign */
  #expect(sign) {
    this.#tokens.expect(sign);
  }

  #name() {
    return this.#tokens.name();
  }

  #block() {
    this.#names.scope(() => this.#statements());
  }

  get #endsBlock() {
    const { kind, value } = this.#token;
    return kind === "end" || (kind === "sign" && BLOCK_ENDS.has(value));
  }

  #statements() {
    while (!this.#endsBlock) {
      if (this.#accept("return")) {
        if (!this.#is(";") && !this.#endsBlock) this.#expressions();
        this.#accept(";");
        return;
      }
      this.#statement();
      this.#accept(";");
    }
  }

  #statement() {
    if (this.#accept("local")) this.#local();
    else if (this.#accept("function")) this.#namedFunction();
    else if (this.#accept("for")) this.#loop();
    else if (this.#accept("do")) this.#body("end");
    else if (this.#accept("break")) return;
    else if (this.#accept("while")) {
      this.#expression();
      this.#expect("do");
      this.#body("end");
    } else if (this.#accept("repeat")) {
      this.#names.scope(() => {
        this.#statements();
        this.#expect("until");
        this.#expression();
      });
    } else if (this.#accept("if")) this.#branches();
    else this.#assignmentOrCall();
  }

  /** @param {string} end */
  #body(end) {
    this.#block();
    this.#expect(end);
  }

  #branches() {
    this.#expression();
    this.#expect("then");
    this.#block();
    if (this.#accept("elseif")) this.#branches();
    else if (this.#accept("else")) this.#body("end");
    else this.#expect("end");
  }

  #local() {
    const { place } = this.#token;
    if (this.#accept("function")) {
      const name = this.#name();
      const binding = this.#names.declare(name, place);
      this.#names.assign(binding, null, { body: this.#functionBody(place) });
      return;
    }
    const names = [this.#name()];
    while (this.#accept(",")) names.push(this.#name());
    const values = this.#accept("=") ? this.#expressions() : [];
    for (const [index, name] of names.entries()) {
      const binding = this.#names.declare(name, place);
      const value = values[index] ?? {};
      this.#names.assign(binding, null, value);
      if (name === KEY_NAME) this.#names.key(value, place);
    }
  }

  #namedFunction() {
    const { place } = this.#token;
    const name = this.#name();
    const binding = this.#names.find(name, place);
    const field = this.#accept(".") ? this.#name() : null;
    const made = this.#functionBody(place);
    if (binding !== null) this.#names.assign(binding, field, { body: made });
  }

  #loop() {
    const { place } = this.#token;
    const names = [this.#name()];
    while (this.#accept(",")) names.push(this.#name());
    const numeric = this.#accept("=");
    if (!numeric) this.#expect("in");
    const [value] = this.#expressions();
    this.#expect("do");
    this.#names.scope(() => {
      // The loop keeps three variables of its own.
      this.#names.count(3);
      for (const name of names) this.#names.declare(name, place);
      if (names.includes(KEY_NAME))
        this.#names.key({ ...(value?.list === undefined ? {} : { keys: value.list }) }, place);
      this.#block();
    });
    this.#expect("end");
  }

  #assignmentOrCall() {
    const targets = [this.#suffixed(true)];
    while (this.#accept(",")) targets.push(this.#suffixed(true));
    if (!this.#accept("=")) return;
    const values = this.#expressions();
    for (const [index, target] of targets.entries()) {
      if (target.binding !== null) this.#names.assign(target.binding, target.field, values[index] ?? {});
    }
  }

  /** @returns {Value[]} */
  #expressions() {
    const values = [this.#expression()];
    while (this.#accept(",")) values.push(this.#expression());
    return values;
  }

  /** @param {number} limit @returns {Value} */
  #expression(limit = 0) {
    /** @type {Value} */
    let value;
    if (this.#accept("not") || this.#accept("-") || this.#accept("#")) {
      this.#expression(UNARY);
      value = {};
    } else {
      value = this.#simple();
    }
    for (;;) {
      const sign = this.#token.kind === "sign" ? this.#token.value : "";
      const [left, right] = PRIORITIES[sign] ?? [-1, -1];
      if (left <= limit) return value;
      this.#tokens.skip();
      const other = this.#expression(right);
      if (sign === "..") value = value.keys?.length === 1 ? { keys: [`${value.keys[0]}${other.number ?? "*"}`] } : {};
      else if (sign === "and") value = other;
      else if (sign === "or" && value.keys !== undefined && other.keys !== undefined) {
        value = { keys: [...value.keys, ...other.keys] };
      } else value = {};
    }
  }

  /** @returns {Value} */
  #simple() {
    const { kind, value, place } = this.#token;
    if (kind === "text") {
      this.#tokens.skip();
      return { keys: [value] };
    }
    if (kind === "number") {
      this.#tokens.skip();
      return { number: value };
    }
    if (this.#is("nil") || this.#is("true") || this.#is("false") || this.#is("...")) {
      this.#tokens.skip();
      return {};
    }
    if (this.#accept("function")) return { body: this.#functionBody(place) };
    if (this.#is("{")) return this.#table();
    return this.#suffixed().value;
  }

  /** @returns {Value} */
  #table() {
    this.#expect("{");
    /** @type {string[]} */
    const list = [];
    let pure = true;
    while (!this.#is("}")) {
      let value;
      if (this.#accept("[")) {
        this.#expression();
        this.#expect("]");
        this.#expect("=");
        value = this.#expression();
      } else if (this.#token.kind === "name" && this.#tokens.next?.value === "=") {
        this.#tokens.skip(2);
        value = this.#expression();
      } else value = this.#expression();
      if (value.keys?.length === 1 && value.keys[0] !== undefined && !value.keys[0].endsWith("*"))
        list.push(value.keys[0]);
      else pure = false;
      if (!this.#accept(",") && !this.#accept(";")) break;
    }
    this.#expect("}");
    return pure && list.length > 0 ? { list } : {};
  }

  /**
   * A name or an expression in parentheses, with fields, indexes and calls.
   * @param {boolean} mayBeTarget may an assignment follow? What is written to is not referred to
   */
  #suffixed(mayBeTarget = false) {
    const start = this.#token;
    /** @type {Binding | null} */
    let binding = null;
    /** @type {string | null} */
    let field = null;
    /** @type {Value} */
    let value = {};
    let text = start.value;
    let isKeys = false;
    if (this.#accept("(")) {
      value = this.#expression();
      this.#expect(")");
      text = "(…)";
    } else {
      const name = this.#name();
      binding = this.#names.find(name, start.place);
      isKeys = name === "K" && binding === null;
      value = { name, ...(binding?.list === undefined ? {} : { list: binding.list }) };
      if (name === "KEYS") {
        const { place } = start;
        for (const key of this.#names.noted(place) ?? ["*"]) this.#names.current.keys.push({ key, place });
      }
    }
    let depth = 0;
    let referred = false;
    const refer = () => {
      if (binding !== null && !referred) this.#names.refer(binding, field, start.place);
      referred = true;
    };
    for (;;) {
      const { place } = this.#token;
      if (this.#accept(".")) {
        const name = this.#name();
        if (isKeys && depth === 0) this.#names.current.keys.push({ key: name, place });
        if (depth === 0) field = name;
        else refer();
        depth += 1;
        text += `.${name}`;
        value = {};
      } else if (this.#accept("[")) {
        const { list } = value;
        const index = this.#expression();
        this.#expect("]");
        if (isKeys && depth === 0) this.#names.key(index, place);
        refer();
        depth += 1;
        text += "[…]";
        value = list === undefined ? {} : { keys: list };
      } else if (this.#is("(") || this.#is("{") || this.#token.kind === "text" || this.#is(":")) {
        if (this.#accept(":")) text += `:${this.#name()}`;
        refer();
        const args = this.#arguments();
        this.#names.current.calls.push({
          binding: depth <= 1 ? binding : null,
          field,
          text,
          args,
          noted: this.#names.noted(place),
          place,
        });
        const list = text === "ipairs" || text === "pairs" ? args[0]?.list : undefined;
        value = list === undefined ? {} : { list };
        depth += 2;
        text += "(…)";
      } else break;
    }
    // Who has the table of the keys itself may name any.
    if (isKeys && depth === 0) this.#names.key({}, start.place);
    const plain = depth === 0 || (depth === 1 && field !== null);
    if (!(plain && mayBeTarget && (this.#is("=") || this.#is(",")))) refer();
    return { binding: plain ? binding : null, field: plain ? field : null, value };
  }

  /** @returns {Value[]} */
  #arguments() {
    if (this.#token.kind === "text" || this.#is("{")) return [this.#simple()];
    this.#expect("(");
    const args = this.#is(")") ? [] : this.#expressions();
    this.#expect(")");
    return args;
  }

  /** @param {Place} place */
  #functionBody(place) {
    return this.#names.inFunction(place, (made) => {
      this.#expect("(");
      while (!this.#is(")")) {
        if (!this.#accept("...")) {
          const parameter = this.#name();
          made.parameters.push(parameter);
          this.#names.declare(parameter, place);
        }
        if (!this.#accept(",")) break;
      }
      this.#expect(")");
      this.#statements();
      this.#expect("end");
    });
  }
}
