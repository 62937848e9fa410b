/** Confirmation before destruction: asked on a terminal, required as `--yes` everywhere else. */
import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { Refused } from "./exit.js";
import { plain } from "./terminal-text.js";

/** Where to ask. */
export interface Asking {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/**
 * Returns when the action may be done.
 * @param what the action: `"remove 3 jobs of queue scans"`
 * @throws Refused
 */
export async function confirm(
  what: string,
  yes: boolean | undefined,
  { input, output }: Asking = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (yes) return;
  if (!input.isTTY || !output.isTTY) throw new Refused(`not done: this would ${what}; confirm it with --yes`);
  const terminal = createInterface({ input, output });
  try {
    const closed = once(terminal, "close").then(() => "");
    // Ctrl-C and Ctrl-D reject the question, the end of the input only closes the terminal.
    const asked = terminal.question(`This will ${plain(what)}. Go on? [y/N] `).catch(() => "");
    const answer = await Promise.race([asked, closed]);
    if (!/^y(es)?$/i.test(answer.trim())) throw new Refused("not done");
  } finally {
    terminal.close();
  }
}
