/** What a command of the contract returns: engines that work synchronously may answer synchronously. */
export type Awaitable<T> = T | Promise<T>;
