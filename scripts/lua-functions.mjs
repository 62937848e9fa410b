// What is known of a composed Redis script: its functions, the variables they use, and the keys of the queue that they name.

/** @typedef {import("./lua-tokens.mjs").Place} Place */
/** What is known of the value of an expression: the text it is (or, with a star, begins with), or one of several; the texts of a list. */
/** @typedef {{ keys?: string[], list?: string[], name?: string, number?: string, body?: LuaFunction }} Value */

/** A parameter or variable of this name holds the name of a key. */
export const KEY_NAME = "key_name";

/** A local variable, and what is known of its value. */
export class Binding {
  /** @param {string} name @param {Place} place */
  constructor(name, place) {
    this.name = name;
    this.place = place;
    /** Functions that are its value, and by field those of a table that is. @type {LuaFunction[]} */
    this.functions = [];
    /** @type {Map<string, LuaFunction[]>} */
    this.fields = new Map();
    /** Texts of the list that is its value. @type {string[] | undefined} */
    this.list = undefined;
  }

  /** What a call of it, or of one of its fields, calls. @param {string | null} field @returns {LuaFunction[]} */
  called(field) {
    return field === null ? this.functions : (this.fields.get(field) ?? []);
  }

  /** What may be called by who knows it, or one of its fields. @param {string | null} field @returns {LuaFunction[]} */
  known(field) {
    return field === null ? [...this.functions, ...[...this.fields.values()].flat()] : this.called(field);
  }
}

/** A function, or the main chunk. */
export class LuaFunction {
  /** @param {Place} place @param {LuaFunction | null} parent */
  constructor(place, parent) {
    this.place = place;
    this.parent = parent;
    this.name = "a function";
    /** @type {string[]} */
    this.parameters = [];
    /** The most local variables that are alive at once. */
    this.mostLocals = 0;
    /** Variables of functions around it. @type {Set<Binding>} */
    this.upvalues = new Set();
    /** What it refers to; `field` null: the variable as a whole. @type {{ binding: Binding, field: string | null, place: Place }[]} */
    this.references = [];
    /** Is it the value of no variable? It is then called where it is written. */
    this.loose = true;
    /** @type {{ binding: Binding | null, field: string | null, text: string, args: Value[], noted: string[] | undefined, place: Place }[]} */
    this.calls = [];
    /** Keys it names: K.name and the like. @type {{ key: string, place: Place }[]} */
    this.keys = [];
    /** Where it cannot be told which key is meant. @type {Place[]} */
    this.riddles = [];
  }

  /** So many local variables are alive in it. @param {number} count */
  alive(count) {
    this.mostLocals = Math.max(this.mostLocals, count);
  }
}
