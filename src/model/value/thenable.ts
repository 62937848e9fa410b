/**
 * Can a value be awaited? Promises of other realms and libraries (lazy queries, subclasses, wrapped calls) are no
 * `instanceof Promise`; `await` recognises a promise by its `then`.
 */

/**
 * Is it a promise, or another value that `await` waits for? Only its `then` is read. @throws what a getter of `then`
 * throws
 */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return "then" in value && typeof value.then === "function";
}
