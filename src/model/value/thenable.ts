/**
 * Is a value something to be awaited? Promises of other realms and libraries (lazy queries, subclasses, wrapped calls) are
 * no `instanceof Promise`; what makes them promises to `await` is their `then`.
 */

/** Is it a promise, or anything else that `await` waits for? Only its `then` is looked at. @throws what a getter of that throws */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return "then" in value && typeof value.then === "function";
}
