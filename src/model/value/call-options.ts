/** The options of a call that takes few: an object with none but these, so that a misspelt one is not passed by in silence. */
import { InvalidInput } from "../errors/errors.js";

/** Checks which options there are, not what they say. @throws InvalidInput */
export function checkOptions(options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null) throw new InvalidInput("options", options, "an object");
  for (const [key, value] of Object.entries(options)) {
    if (!known.includes(key)) throw new InvalidInput(key, value, `no such option; known: ${known.join(", ")}`);
  }
}

/** The signal among the options of a call that takes nothing else; `undefined` when there is none. @throws InvalidInput */
export function parseSignalOption(options: { readonly signal?: AbortSignal }): AbortSignal | undefined {
  checkOptions(options, ["signal"]);
  const { signal } = options;
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw new InvalidInput("signal", signal, "an AbortSignal");
}
