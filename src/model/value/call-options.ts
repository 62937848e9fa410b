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
  if (signal === undefined || isSignal(signal)) return signal;
  throw new InvalidInput("signal", signal, "an AbortSignal");
}

/** Is it an `AbortSignal`, of whatever realm? That of a test environment or of another copy of Node's classes is no instance of ours. */
function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== "object" || value === null) return false;
  return "aborted" in value && "addEventListener" in value && typeof value.addEventListener === "function";
}
