/**
 * Composes a script from its Lua files: pastes includes where they are named, and replaces constants by their values. An
 * unknown name in capitals is an error, as is a constant that a script declares or writes to.
 */
import { CONSTANTS, type Constant } from "./script-constants.js";

/** A script as it is sent, without the prefix that `Script` adds. */
export interface Composition {
  /** The keys it touches, in the expected order: `KEYS` in its head. */
  readonly keys: readonly string[];
  readonly body: string;
}

/** Names in capitals that are not constants: those of Redis, and of the prefix of every script. */
const GIVEN = new Set(["ARGV", "KEYS", "K", "NOW"]);

/** Comments and strings, in which nothing is replaced; fields, which may have any name; and names in capitals. */
const PART =
  /--\[(=*)\[[\s\S]*?\]\1\]|--[^\n]*|\[(=*)\[[\s\S]*?\]\2\]|'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*"|\.\.|[.:]\s*\w+|\b[A-Z][A-Z0-9_]*\b/g;
const CAPITALS = /^[A-Z]/;

/** Declarations: local variables and functions, parameters, loop variables. */
const DECLARATIONS =
  /\blocal\s+(?!function\b)(\w+(?:\s*,\s*\w+)*)|\blocal\s+function\s+(\w+)|\bfunction\b[^(]*\(([^)]*)\)|\bfor\s+(\w+(?:\s*,\s*\w+)*)\s*(?:=|\bin\b)/g;

/**
 * @param read the text of a file, by its name (script-files.ts)
 * @throws SyntaxError for a name in capitals that is no constant, or that a script declares or writes to
 */
export function compose(name: string, read: (path: string) => string): Composition {
  const text = read(`${name}.lua`);
  const pasted = text.replace(/^ *-- include: (.*)$/gm, (_line, names: string) =>
    names
      .trim()
      .split(/\s+/)
      .map((include) => read(`lib/${include}.lua`))
      .join("\n"),
  );
  return { keys: words(text, /^-- KEYS: (.*)$/gm), body: substitute(name, pasted) };
}

function substitute(script: string, text: string): string {
  const declared = declaredIn(text);
  return text.replace(PART, (part, _equals, _others, at: number) => {
    if (!CAPITALS.test(part)) return part;
    const value = Object.hasOwn(CONSTANTS, part) ? CONSTANTS[part] : undefined;
    if (value === undefined) {
      if (GIVEN.has(part) || declared.has(part)) return part;
      throw problem(script, part, "is neither a constant nor declared");
    }
    if (declared.has(part)) throw problem(script, part, "is a constant, and declared anew");
    if (/^\s*=(?!=)/.test(text.slice(at + part.length, at + part.length + 40))) {
      throw problem(script, part, "is a constant, and written to");
    }
    return literal(value);
  });
}

function problem(script: string, name: string, what: string): SyntaxError {
  return new SyntaxError(`scripts/${script}.lua: ${name} ${what} (see script-constants.ts)`);
}

/** The names in capitals that are declared anywhere in a script. */
function declaredIn(text: string): Set<string> {
  const code = text.replace(PART, (part) => (/^(?:--|\[|'|")/.test(part) ? " " : part));
  const names = [...code.matchAll(DECLARATIONS)].flatMap((match) =>
    match.slice(1).flatMap((list) => (list ?? "").split(/[\s,]+/)),
  );
  return new Set(names.filter((name) => CAPITALS.test(name)));
}

/** A constant as a Lua literal. A negative number is in parentheses, so that a minus before it starts no comment. */
function literal(value: Constant): string {
  if (typeof value === "number") return value < 0 ? `(${value})` : String(value);
  if (typeof value === "string") return `'${value.replaceAll(/['\\]/g, "\\$&")}'`;
  return `{ ${value.map(literal).join(", ")} }`;
}

function words(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].flatMap((match) => (match[1] ?? "").trim().split(/\s+/));
}
