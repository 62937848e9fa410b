/**
 * References: placeholders for the result of a node, or a part of it, while a flow is written. They have no value
 * before the flow runs, and throw an error that explains it when code reads one.
 */
import { InvalidInput } from "../model/errors/errors.js";
import { pathText, type Path } from "../model/value/path.js";
import type { Stored } from "./stored.js";

declare const taken: unique symbol;

/** The type of a placeholder for a value of type `T`. Exists for the compiler only. */
export interface Ref<T> {
  readonly [taken]: T;
}

/**
 * A placeholder for a value that exists once the flow runs: the result of a node, or a part of it: `page.html`,
 * `list.items[0]`. Pass it wherever the input of another node takes a value of its type.
 */
export type Reference<T> = Ref<T> & Parts<T>;

/** The parts of a value that a reference can take. */
type Parts<T> = unknown extends T
  ? Unknown
  : PartsOf<NonNullable<T>, [Extract<T, null | undefined>] extends [never] ? never : null>;

/** The parts of a value of unknown type: any. */
interface Unknown {
  readonly [key: string]: Ref<unknown> & Unknown;
}

// A part of a nullable value is nullable as well.
type PartsOf<T, Nothing> = T extends readonly (infer Item)[]
  ? number extends T["length"]
    ? { readonly [Index in First]: Reference<Item | Nothing> } & { readonly [index: number]: Reference<Item | Nothing> }
    : { readonly [Index in Extract<keyof T, `${number}`>]: Reference<T[Index] | Nothing> }
  : T extends object
    ? { readonly [Key in keyof T]-?: Reference<Part<T[Key]> | Nothing> }
    : unknown;

/** An optional property may be null: an input that takes it has to allow that. */
type Part<T> = undefined extends T ? Exclude<T, undefined> | null : T;

/** Keys listed one by one, because the compiler may type an index of a list as `undefined`. */
type First = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** A value, or the same with references anywhere in it. */
export type WithRefs<T> =
  | T
  | Ref<T>
  | (T extends string | number | boolean | bigint | symbol | null | undefined | ((...args: never) => unknown)
      ? never
      : { readonly [Key in keyof T]: WithRefs<T[Key]> });

/** The value that something with references resolves to. */
export type Resolved<T> = unknown extends T ? T : FilledKnown<T>;

type FilledKnown<T> =
  T extends Ref<infer Value>
    ? Value
    : T extends string | number | boolean | null | undefined | void | { toJSON(...args: never): unknown }
      ? Stored<T>
      : { -readonly [Key in keyof T]: Resolved<T[Key]> };

/** The target of a reference. */
export interface Place<Source extends object = object> {
  /** The node, or the list whose items it refers to. */
  readonly source: Source;
  /** Its name in errors. */
  readonly name: string;
  /** The path within the result. */
  readonly path: Path;
}

const places = new WeakMap<object, Place>();

/** Makes a reference. */
export function makeReference(place: Place): Reference<unknown> {
  // No plain object, because those are encoded unchecked.
  const reference = new Proxy<object>(Object.create(Object.create(null) as object) as object, handlerFor(place));
  places.set(reference, place);
  return reference as unknown as Reference<unknown>;
}

/** The target of a value that is a reference; else `null`. */
export function placeOf(value: unknown): Place | null {
  return typeof value === "object" && value !== null ? (places.get(value) ?? null) : null;
}

/** The text of a reference in errors. */
export function placeText({ name, path }: Place): string {
  return `[reference to ${pathText(name, path)}]`;
}

const INDEX = /^(?:0|[1-9]\d*)$/;

function handlerFor(place: Place): ProxyHandler<object> {
  const parts = new Map<string, Reference<unknown>>();
  const refuse = (): never => {
    const rule =
      "it has no value before the flow runs: give it, or a part of it, in the input of a node; for a list use $.each";
    throw new InvalidInput("reference", placeText(place), rule);
  };
  return {
    get: (_target, key) => {
      if (typeof key === "symbol") return key === Symbol.toPrimitive || key === Symbol.iterator ? refuse() : undefined;
      let part = parts.get(key);
      if (part === undefined) {
        part = makeReference({ ...place, path: [...place.path, INDEX.test(key) ? Number(key) : key] });
        parts.set(key, part);
      }
      return part;
    },
    set: refuse,
    ownKeys: refuse,
    // Code that asks for the prototype is about to store the reference.
    getPrototypeOf: refuse,
  };
}
