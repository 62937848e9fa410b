/** The type of a value after it was stored: its round trip through JSON. */

/**
 * The type of a value after a round trip through JSON: a `Date` is a string, `undefined` is null, an object with a
 * `toJSON` is what that returns. A value that cannot be stored (functions, symbols, bigints) is `never`.
 * @example type Page = Stored<{ at: Date; title?: string }>; // { at: string; title?: string }
 */
export type Stored<T> = unknown extends T ? T : StoredKnown<T>;

type StoredKnown<T> = T extends undefined | void
  ? null
  : T extends string | number | boolean | null
    ? T
    : T extends { toJSON(...args: never): infer Given }
      ? Stored<Given>
      : T extends bigint | symbol | ((...args: never) => unknown)
        ? never
        : T extends readonly unknown[]
          ? { [Index in keyof T]: Stored<T[Index]> }
          : { [Key in keyof T]: StoredField<T[Key]> };

// A property that is undefined is left out, not null.
type StoredField<T> = unknown extends T
  ? T
  : undefined extends T
    ? Stored<Exclude<T, undefined>> | undefined
    : Stored<T>;
