/** Module hooks, run in Node's loader thread: report which files a child loads. See `loaded-code.ts`. */
import type { LoadHook } from "node:module";
import type { MessagePort } from "node:worker_threads";

let port: MessagePort | null = null;

export function initialize(data: { readonly port: MessagePort }): void {
  port = data.port;
}

export const load: LoadHook = (url, context, next) => {
  port?.postMessage(url);
  return next(url, context);
};
