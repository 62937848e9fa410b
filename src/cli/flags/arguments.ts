/** Parses values of a command line: numbers, JSON, lists. */
import { InvalidInput } from "../../model/errors/errors.js";

/** Checks a number given on the command line. @throws InvalidInput */
export function parseWhole(flag: string, text: string): number {
  if (!/^-?\d+$/.test(text)) throw new InvalidInput(flag, text, "a whole number");
  return Number(text);
}

/** Checks JSON given on the command line. @throws InvalidInput */
export function parseJson(field: string, text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (error) {
    throw new InvalidInput(field, text, `JSON; quote it for the shell: '{"name": "value"}'`, { cause: error });
  }
}

/** Adds up a flag that may be given several times. */
export function repeated(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** Adds up a flag that may be given several times, or with commas. */
export function listed(value: string, before: readonly string[] = []): string[] {
  return [...before, ...value.split(",").filter((part) => part !== "")];
}
