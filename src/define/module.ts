/**
 * A reference to a task's code: a module file, relative to one of a worker's task roots, and the export that is the
 * handler. Its shape is checked where it is written; the worker resolves it and checks where it leads
 * (`module-finder.ts`). A job never carries one: it names its task, and only the task's definition names code.
 */
import { InvalidInput } from "../model/errors/errors.js";

/** A module and one of its exports; made by `module()`. */
export class ModuleReference<Input = unknown, Result = unknown> {
  /** The file, relative to a task root: `"./tasks/analysis.js"`. */
  readonly path: string;
  /** The name of the export that is the handler, or a task with one. */
  readonly export: string;
  /** Exists for the compiler only. */
  declare readonly "~types"?: { readonly input: Input; readonly result: Result };

  /** @internal References come from `module()`. */
  constructor(path: string, name: string) {
    this.path = path;
    this.export = name;
    Object.freeze(this);
  }

  toString(): string {
    return `${this.path}#${this.export}`;
  }
}

type Code = (context: never) => unknown;
type Referred = { readonly handler: Code | null } | Code;

type ReferredInput<What> = What extends (context: infer Context) => unknown
  ? Context extends { readonly input: infer Input }
    ? Input
    : unknown
  : What extends { readonly handler: ((context: infer Context) => unknown) | null }
    ? Context extends { readonly input: infer Input }
      ? Input
      : unknown
    : unknown;

type ReferredResult<What> = What extends (context: never) => infer Result
  ? Awaited<Result>
  : What extends { readonly "~types"?: { readonly result: infer Result } }
    ? Result
    : unknown;

const ENDINGS = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"];
const SHAPE = /^(?<path>[^#]+)(?:#(?<name>.*))?$/u;
// Characters that are special in file names or URLs somewhere, and those that cannot be seen.
const FORBIDDEN = /[\p{Cc}\p{Cs}\\:*?"<>|%]/u;
const EXPORT = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
const LONGEST = 500;
const RULE = `a file under a task root and its export, such as "./tasks/analysis.js#run"`;

/**
 * Refers to a handler by its module: the code of a task that runs in a thread or process of its own
 * (`runner: "thread"`, `"process"`), where a function cannot be sent. The file is looked up under the worker's
 * `tasksRoots` and never outside of them. Without `#export` the default export is meant. The export is a handler, or
 * a task that has one.
 *
 * @param reference a relative path with forward slashes and a file ending (`.js`, `.mjs`, `.cjs`, `.ts`, `.mts`,
 * `.cts`), `#`, and the name of the export
 * @throws InvalidInput for an absolute path, a URL, a package name, `..`, or anything else that is not such a path
 * @example
 * // tasks/analysis.ts exports `run`, a function of the job's context.
 * export const analyse = task("analyse", { runner: "process", timeout: "5m" }, module("./tasks/analysis.js#run"));
 * @example
 * // The types of input and result are taken from the module without loading it.
 * module<typeof import("./tasks/analysis.js").run>("./tasks/analysis.js#run");
 */
export function module<What extends Referred = (context: { input: unknown }) => unknown>(
  reference: string,
): ModuleReference<ReferredInput<What>, ReferredResult<What>> {
  const refuse = (why: string): never => {
    throw new InvalidInput("module", reference, why);
  };
  if (typeof reference !== "string" || reference.length > LONGEST) return refuse(RULE);
  const { path = "", name = "default" } = SHAPE.exec(reference)?.groups ?? {};
  if (path === "") refuse(RULE);
  if (path.startsWith("/")) refuse("a path relative to a task root, not an absolute one");
  if (FORBIDDEN.test(path))
    refuse("a relative path with forward slashes: no URL, scheme, backslash or control character");
  const segments = (path.startsWith("./") ? path.slice(2) : path).split("/");
  if (segments.includes("..")) refuse("a path inside of a task root: no segment may be ..");
  if (segments.some((segment) => segment === "" || segment === ".")) refuse("a path without empty or . segments");
  if (segments.includes("node_modules")) refuse("a file of your own, not one of an installed package");
  if (!ENDINGS.some((ending) => path.endsWith(ending))) refuse(`a file that ends in ${ENDINGS.join(", ")}`);
  if (!EXPORT.test(name)) refuse("the name of an export after the #");
  return new ModuleReference(path, name);
}
