/** The base of all errors that Longshore throws, and how values are shown in their messages. */
import { headOf, inWords } from "../text.js";

/** The base of every error Longshore throws on purpose. */
export class LongshoreError extends Error {
  /** A stable name for scripts, e.g. `"INVALID_INPUT"`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** How much of an offending value an error message repeats, in characters. */
const SHOWN = 80;

/** A value as an error message shows it: one line, capped, never throwing. */
export function show(value: unknown): string {
  const text = inWords(value);
  return text.length > SHOWN ? `${headOf(text, SHOWN)}…` : text;
}
