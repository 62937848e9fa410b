/** `longshore init`: writes the files of a new project. A file that exists is left as it is. */
import { statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import type { Command } from "commander";
import { projectFiles, SCRIPTS } from "../init/templates.js";
import type { GlobalFlags } from "../flags/connection.js";
import { UsageError } from "../terminal/exit.js";
import { Output } from "../terminal/output.js";
import { paint } from "../terminal/table.js";

/** What became of it. */
interface Initialised {
  readonly folder: string;
  readonly written: readonly string[];
  /** Files that were there already. */
  readonly kept: readonly string[];
  /** The commands to go on with. */
  readonly next: readonly string[];
}

export function addInitCommand(program: Command): void {
  program
    .command("init")
    .description("write a tasks file, a worker and an enqueue script for a new project; nothing is overwritten")
    .argument("[folder]", "where; created when missing (default: the current folder)")
    .action(async (folder: string | undefined, _flags: unknown, command: Command) => {
      const out = new Output(command.optsWithGlobals<GlobalFlags>().json ?? false);
      const done = await initialise(resolve(folder ?? "."));
      if (out.json) out.document(done);
      else show(out, done);
    });
}

/** @throws UsageError where a file stands in place of the folder */
async function initialise(folder: string): Promise<Initialised> {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw new UsageError(`${folder} is a file: give a folder`);
  }
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  const kept: string[] = [];
  for (const { name, text } of projectFiles(packageName(folder))) {
    const isNew = await write(join(folder, name), text);
    (isNew ? written : kept).push(name);
  }
  const place = relative(process.cwd(), folder);
  return {
    folder,
    written,
    kept,
    next: [`${place === "" ? "" : `cd ${quoted(place)} && `}npm install`, "npm run worker"],
  };
}

/** Writes a new file; answers `false` where there is one, or a link to one. */
async function write(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: "wx" });
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
  return name === "" || name === "longshore" ? "jobs" : name;
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function show(out: Output, { folder, written, kept, next }: Initialised): void {
  for (const name of written) out.line(paint("green", "wrote  "), join(folder, name));
  for (const name of kept) out.line(paint("yellow", "kept   "), `${join(folder, name)}, which was there already`);
  if (kept.includes("package.json")) {
    out.line();
    out.line(`Your package.json is as it was. It needs "type": "module", the dependency longshore, and these scripts:`);
    for (const [name, script] of Object.entries(SCRIPTS)) out.line(`  "${name}": "${script}"`);
  }
  out.line();
  out.line("Next:");
  for (const command of next) out.line("  ", paint("bold", command));
  out.line("and in another terminal ", paint("bold", "npm run enqueue -- Ada"));
}
