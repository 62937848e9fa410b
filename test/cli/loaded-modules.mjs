// Loaded before a program (`node --import`): writes the URL of each module that it loads into the file LOADED_MODULES.
import { register } from "node:module";

register(
  `data:text/javascript,${encodeURIComponent(`
    import { appendFileSync } from "node:fs";
    export async function load(url, context, next) {
      appendFileSync(process.env["LOADED_MODULES"], url + "\\n");
      return next(url, context);
    }
  `)}`,
);
