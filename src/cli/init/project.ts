/**
 * A new project in a folder: what is there stays as it was. Where a file of the code is there with another text, nothing is written,
 * for the others would not fit it.
 */
import { lstatSync, readFileSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { makeFolder } from "../../engine/folder.js";
import { messageOf, Refused, UsageError } from "../terminal/exit.js";
import { codeFiles, DEPENDENCY, otherFiles, scriptsFor, type CodeEnding, type ProjectFile } from "./templates.js";

/** What became of it. */
export interface Project {
  readonly written: readonly string[];
  /** Files that were there already. */
  readonly kept: readonly string[];
  /** What npm is to install beside what a package.json that was there names; `null`: nothing. */
  readonly missingPackage: string | null;
  /** The scripts that a package.json that was there lacks. */
  readonly missingScripts: Readonly<Record<string, string>>;
}

/** @throws UsageError, Refused where files stand in the way; `Error` where the system does not let it write */
export async function makeProject(folder: string): Promise<Project> {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw new UsageError(`${folder} is a file: give a folder`);
  }
  const manifest = readManifest(folder);
  const ending: CodeEnding = manifest === null || manifest["type"] === "module" ? ".js" : ".mjs";
  const code = codeFiles(ending);
  const foreign = code.filter(({ name, text }) => {
    const there = textOf(join(folder, name));
    return there !== null && there !== text;
  });
  if (foreign.length > 0) {
    const names = foreign.map(({ name }) => name).join(", ");
    throw new Refused(
      `${folder} has a ${names} of its own, which the other files would not fit: give another folder, such as longshore init jobs`,
    );
  }
  makeFolder(folder);
  const written: string[] = [];
  const kept: string[] = [];
  for (const file of [...code, ...otherFiles(packageName(folder), ending)]) {
    const isNew = await write(folder, file);
    (isNew ? written : kept).push(file.name);
  }
  return { written, kept, ...missingIn(manifest, ending) };
}

type Manifest = Readonly<Record<string, unknown>>;

/** The package.json that is there; `null`: none is. @throws UsageError */
function readManifest(folder: string): Manifest | null {
  const path = join(folder, "package.json");
  const text = textOf(path);
  if (text === null) return null;
  try {
    const manifest: unknown = JSON.parse(text ?? "");
    if (typeof manifest === "object" && manifest !== null) return manifest as Manifest;
  } catch (error) {
    throw new UsageError(`${path} is not JSON: ${messageOf(error)}`, { cause: error });
  }
  throw new UsageError(`${path} is no object`);
}

function missingIn(manifest: Manifest | null, ending: CodeEnding): Pick<Project, "missingPackage" | "missingScripts"> {
  const scripts = fieldsOf(manifest?.["scripts"]);
  const known = [manifest?.["dependencies"], manifest?.["devDependencies"]].flatMap((field) =>
    Object.keys(fieldsOf(field)),
  );
  const missing = Object.entries(scriptsFor(ending)).filter(([name, script]) => scripts[name] !== script);
  return {
    missingPackage:
      manifest === null || known.includes(DEPENDENCY.name) ? null : `${DEPENDENCY.name}@${DEPENDENCY.range}`,
    missingScripts: manifest === null ? {} : Object.fromEntries(missing),
  };
}

function fieldsOf(value: unknown): Manifest {
  return typeof value === "object" && value !== null ? (value as Manifest) : {};
}

/** The text of a file; `null`: there is none; `undefined`: what stands there cannot be read, such as a link to nowhere. */
function textOf(path: string): string | null | undefined {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return null;
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Writes a new file; answers `false` where there is one, or a link to one. */
async function write(folder: string, { name, text }: ProjectFile): Promise<boolean> {
  try {
    await writeFile(join(folder, name), text, { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** The name of the folder, made to fit npm's rules. */
function packageName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return name === "" || name === DEPENDENCY.name ? "jobs" : name;
}
