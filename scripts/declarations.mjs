// Reads a declaration file as the compiler writes it: what it declares, imports and exports. The compiler (which has no
// programming interface any more) writes them in one way: each statement begins at the start of a line, each member of a
// class or interface four spaces in. What does not look like that is an error here, not a guess.
import { posix } from "node:path";

/**
 * @typedef {object} Declared
 * @property {string[]} texts Its signatures, as many as it has overloads; without comments, `export` and `declare`.
 * @property {boolean} isValue Is it there at run time?
 * @property {boolean} exported Where it is declared.
 * @property {Set<string>} references Names in its signatures, some of which may be types.
 *
 * @typedef {object} Declarations
 * @property {Map<string, Declared>} declared
 * @property {Map<string, {name: string, from: string | null}>} imports By local name; from another package: null.
 * @property {{name: string, as: string, from: string | null, typeOnly: boolean}[]} exports Of this file's own: null.
 * @property {{from: string, typeOnly: boolean}[]} stars
 */

const internalMark = "/*@internal*/";
const tokens = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
const statementStart = /^(?=\/\*@internal\*\/|(?:export|declare|import|interface|type|class|abstract|enum)\b)/m;
const declarationPattern =
  /^(?<exported>export )?(?:declare )?(?:abstract )?(?<kind>interface|class|type|function|const|let|enum) (?<name>[\w$]+)/;
const importPattern = /^import (?:type )?(?<names>[^"]+?) from "(?<from>[^"]+)";$/;
const exportPattern = /^export (?<type>type )?\{(?<names>[^}]*)\}(?: from "(?<from>[^"]+)")?;$/;
const starPattern = /^export (?<type>type )?\* from "(?<from>[^"]+)";$/;

/**
 * @param {string} file its path from the root, with forward slashes
 * @param {string} code
 * @returns {Declarations}
 */
export function declarationsIn(file, code) {
  /** @type {Declarations} */
  const found = { declared: new Map(), imports: new Map(), exports: [], stars: [] };
  const bare = withoutComments(code);
  for (const statement of bare.split(statementStart).map((text) => text.trim())) {
    if (statement === "") continue;
    if (statement.startsWith(internalMark)) continue;
    if (!readStatement(found, file, statement)) {
      throw new Error(`${file}: cannot read ${JSON.stringify(statement.split("\n")[0])}`);
    }
  }
  return found;
}

/**
 * @param {Declarations} found
 * @param {string} file
 * @param {string} statement
 * @returns {boolean} whether it is of a kind that is known
 */
function readStatement(found, file, statement) {
  const star = starPattern.exec(statement)?.groups;
  if (star !== undefined) {
    const from = fileOf(file, star["from"] ?? "");
    if (from === null) return false;
    found.stars.push({ from, typeOnly: star["type"] !== undefined });
    return true;
  }
  const exported = exportPattern.exec(statement)?.groups;
  if (exported !== undefined) {
    const from = exported["from"] === undefined ? null : fileOf(file, exported["from"]);
    if (exported["from"] !== undefined && from === null) return false;
    for (const { name, as, typeOnly } of namesIn(exported["names"] ?? "")) {
      found.exports.push({ name, as, from, typeOnly: typeOnly || exported["type"] !== undefined });
    }
    return true;
  }
  if (/^import "[^"]+";$/.test(statement)) return true;
  const imported = importPattern.exec(statement)?.groups;
  if (imported !== undefined) {
    const from = fileOf(file, imported["from"] ?? "");
    const names = imported["names"] ?? "";
    // Only other packages are imported whole or by default.
    if (!names.startsWith("{")) return from === null;
    for (const { name, as } of namesIn(names.slice(1, -1))) found.imports.set(as, { name, from });
    return true;
  }
  return readDeclaration(found, file, statement);
}

/**
 * @param {Declarations} found
 * @param {string} file
 * @param {string} statement
 */
function readDeclaration(found, file, statement) {
  const head = declarationPattern.exec(statement)?.groups;
  if (head === undefined) return false;
  const { kind = "", name = "" } = head;
  const named = withNamedImports(found, file, statement);
  const text = withoutHiddenMembers(kind, named.replace(/^(?:export )?(?:declare )?/, ""));
  const before = found.declared.get(name);
  found.declared.set(name, {
    texts: [...(before?.texts ?? []), text],
    isValue: before?.isValue === true || (kind !== "interface" && kind !== "type"),
    exported: head["exported"] !== undefined,
    references: new Set([...(before?.references ?? []), ...referencesIn(text)]),
  });
  return true;
}

/**
 * `import("./job.js").JobRef` becomes `JobRef`, as if it had been imported above.
 * @param {Declarations} found
 * @param {string} file
 * @param {string} statement
 */
function withNamedImports(found, file, statement) {
  return statement.replace(/import\("([^"]+)"\)\.([\w$]+)/g, (_, from, name) => {
    found.imports.set(name, { name, from: fileOf(file, from) });
    return name;
  });
}

/**
 * Types begin with a capital here; other names matter after `typeof` and as `[name]` of a member.
 * @param {string} text
 */
function referencesIn(text) {
  const code = text.replace(tokens, '""');
  return [...code.matchAll(/(?<![.\w$])[A-Z][\w$]*|(?<=\btypeof )[\w$]+|(?<=\[)[\w$]+(?=\]\??:)/g)].map(
    ([name]) => name,
  );
}

/**
 * Without what is private or @internal. A private constructor stays: it says that users make none.
 * @param {string} kind
 * @param {string} text
 */
function withoutHiddenMembers(kind, text) {
  if (kind !== "class" && kind !== "interface") return text;
  const [head, ...members] = text.replace(/\}$/, "").split(/^(?= {4}[^\s})\]|])/m);
  const seen = members.filter((member) => !/^ {4}(?:#|private (?!constructor)|\/\*@internal\*\/)/.test(member));
  return `${[head, ...seen].join("")}}`;
}

/**
 * Without comments, but for a mark where one says @internal, and without the line breaks around them in a union.
 * @param {string} code
 */
function withoutComments(code) {
  return code
    .replaceAll("\r\n", "\n")
    .replace(tokens, (token) => {
      if (!token.startsWith("/")) return token;
      return token.startsWith("/**") && token.includes("@internal") ? internalMark : "";
    })
    .replace(/\/\*@internal\*\/\s*/g, internalMark)
    .replace(/^[ \t]*\n/gm, "")
    .replace(/ *\n \| /g, " | ")
    .replace(/ =\s*\n\s*/g, " = ")
    .replace(/[ \t]+$/gm, "");
}

/**
 * The names between the braces of an import or export.
 * @param {string} list
 */
function namesIn(list) {
  return list
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => {
      const typeOnly = part.startsWith("type ");
      const [name = "", as = name] = part.replace(/^type /, "").split(" as ");
      return { name, as, typeOnly };
    });
}

/**
 * The declaration file that an import names; null when it is in another package.
 * @param {string} file
 * @param {string} from
 */
function fileOf(file, from) {
  if (!from.startsWith(".")) return null;
  return posix.join(posix.dirname(file), from).replace(/\.js$/, ".d.ts");
}
