// The names of a Lua chunk while it is parsed: which are declared where, how many are alive at once, and what the function that
// is being read refers to.
import { Binding, KEY_NAME, LuaFunction } from "./lua-functions.mjs";

/** @typedef {import("./lua-tokens.mjs").Place} Place */
/** @typedef {import("./lua-functions.mjs").Value} Value */

export class Names {
  /** The function that is being read. */
  current = new LuaFunction({ file: "", line: 1 }, null);
  #main = this.current;
  #functions = [this.current];
  /** @type {Map<string, Binding>[]} */
  #scopes = [];
  /** The function that each is a local variable of. @type {Map<Binding, LuaFunction>} */
  #owners = new Map();
  /** @type {{ name: string, place: Place }[]} */
  #unknown = [];
  #alive = 0;
  /** @type {ReadonlySet<string>} */
  #given;
  /** @type {ReadonlyMap<string, string[]>} */
  #notes;

  /**
   * @param {readonly string[]} given names that exist already
   * @param {ReadonlyMap<string, string[]>} notes by file and line: the keys that are meant there
   */
  constructor(given, notes) {
    this.#given = new Set(given);
    this.#notes = notes;
    this.#main.name = "the script";
  }

  get result() {
    return { main: this.#main, functions: this.#functions, unknown: this.#unknown };
  }

  /** @param {string} name @param {Place} place */
  declare(name, place) {
    const binding = new Binding(name, place);
    this.#scopes.at(-1)?.set(name, binding);
    this.#owners.set(binding, this.current);
    this.count(1);
    return binding;
  }

  /** So many more local variables are alive. @param {number} n */
  count(n) {
    this.#alive += n;
    this.current.alive(this.#alive);
  }

  /** The variable that a name means where it is used; `null` for what is no local one. @param {string} name @param {Place} place */
  find(name, place) {
    const binding = this.#scopes.findLast((scope) => scope.has(name))?.get(name) ?? null;
    if (binding !== null) this.#use(binding);
    else if (!this.#given.has(name)) this.#unknown.push({ name, place });
    return binding;
  }

  /** A variable is used here, be it written to. @param {Binding} binding */
  #use(binding) {
    const owner = this.#owners.get(binding);
    for (let inner = this.current; inner !== owner && inner.parent !== null; inner = inner.parent) {
      inner.upvalues.add(binding);
    }
  }

  /** @param {() => void} inside */
  scope(inside) {
    const before = this.#alive;
    this.#scopes.push(new Map());
    inside();
    this.#scopes.pop();
    this.#alive = before;
  }

  /** @param {Place} place @param {(made: LuaFunction) => void} inside reads it, parameters first */
  inFunction(place, inside) {
    const outer = this.current;
    const before = this.#alive;
    const made = new LuaFunction(place, outer);
    made.name = `a function in ${outer.name}`;
    this.#functions.push(made);
    this.current = made;
    this.#alive = 0;
    this.scope(() => inside(made));
    this.current = outer;
    this.#alive = before;
    return made;
  }

  /** A value is assigned to a variable, or to a field of it. @param {Binding} binding @param {string | null} field @param {Value} value */
  assign(binding, field, value) {
    if (value.body !== undefined) {
      value.body.name = field === null ? binding.name : `${binding.name}.${field}`;
      value.body.loose = false;
      if (field === null) binding.functions.push(value.body);
      else binding.fields.set(field, [...(binding.fields.get(field) ?? []), value.body]);
    }
    if (field === null && value.list !== undefined) binding.list = value.list;
  }

  /** @param {Binding} binding @param {string | null} field @param {Place} place */
  refer(binding, field, place) {
    this.current.references.push({ binding, field, place });
  }

  /** A value is the name of a key. @param {Value} value @param {Place} place */
  key(value, place) {
    const keys = this.noted(place) ?? (value.name === KEY_NAME ? [] : value.keys);
    if (keys === undefined) this.current.riddles.push(place);
    else for (const key of keys) this.current.keys.push({ key, place });
  }

  /** The keys that a comment says are meant. @param {Place} place */
  noted(place) {
    return this.#notes.get(`${place.file}:${place.line}`);
  }
}
