/** `longshore init`: writes the files of a new project. A file that exists is left as it is. */
import { join, relative, resolve } from "node:path";
import type { Command } from "commander";
import { makeProject, type Project } from "../init/project.js";
import type { GlobalFlags } from "../flags/connection.js";
import { Output } from "../terminal/output.js";
import { paint } from "../terminal/table.js";

/** What became of it. */
interface Initialised extends Omit<Project, "missingPackage"> {
  readonly folder: string;
  /** The commands to go on with. */
  readonly next: readonly string[];
}

export function defineInit(command: Command): void {
  command
    .argument("[folder]", "where; created when missing (default: the current folder)")
    .action(async (folder: string | undefined, _flags: unknown, command: Command) => {
      const out = new Output(command.optsWithGlobals<GlobalFlags>().json ?? false);
      const done = await initialise(resolve(folder ?? "."));
      if (out.json) out.document(done);
      else show(out, done);
    });
}

async function initialise(folder: string): Promise<Initialised> {
  const { missingPackage, ...project } = await makeProject(folder);
  const below = relative(process.cwd(), folder);
  const place = below.startsWith("..") ? folder : below;
  const install = missingPackage === null ? "npm install" : `npm install ${missingPackage}`;
  return { folder, ...project, next: [`${place === "" ? "" : `cd ${quoted(place)} && `}${install}`, "npm run worker"] };
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function show(out: Output, { folder, written, kept, missingScripts, next }: Initialised): void {
  for (const name of written) out.line(paint("green", "wrote  "), join(folder, name));
  for (const name of kept) out.line(paint("yellow", "kept   "), `${join(folder, name)}, which was there already`);
  const scripts = Object.entries(missingScripts);
  if (scripts.length > 0) {
    out.line();
    out.line("Your package.json is as it was. It needs these scripts:");
    for (const [name, script] of scripts) out.line(`  "${name}": "${script}"`);
  }
  out.line();
  out.line("Next:");
  for (const command of next) out.line("  ", paint("bold", command));
  out.line("and in another terminal ", paint("bold", "npm run enqueue -- Ada"));
}
