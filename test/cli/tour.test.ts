// The tour in the documentation: on the store that the demo leaves, each command prints what the page shows. Ids, times, durations and
// bars differ from run to run; the rest does not.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emptyFolder, inProcess, removeFolder } from "./command.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = join(root, "build/examples/requirements-analysis/main.js");

let folder = "";
/** The id that the last command printed first, in place of the one on the page. */
const ids = new Map<string, string>();

interface Shown {
  readonly command: string;
  readonly output: string;
}

/** The commands of a page, and what it shows of each. */
async function commandsOf(page: string): Promise<Shown[]> {
  const text = await readFile(join(root, page), "utf8");
  const blocks = [...text.matchAll(/```console\n(.*?)```/gs)].map(([, block = ""]) => block);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [command = "", ...output] = part.split("\n");
        return { command, output: output.join("\n") };
      }),
  );
}

const BULK_ID = /\b0[A-Za-z0-9]{19}\b/g;

/** A text without what differs from run to run. */
function lasting(text: string): string {
  return (
    text
      .replaceAll(BULK_ID, "ID")
      .replaceAll(/\b[0-9a-f]{8}-(\d+)\b/g, "run-$1")
      .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "TIME")
      .replaceAll(/\b\d+(?:\.\d+)?(?:ms|s|m|h)\b/g, "SPAN")
      .replaceAll("just now", "SPAN ago")
      .replaceAll(/[▁▂▃▄▅▆▇█]+/g, "BAR")
      // Sampled once a minute, so how full the queue was depends on when it began.
      .replaceAll(/^(waiting|oldest|busy slots)\b.*$/gm, "$1")
      .replaceAll(/^ended +BAR.*$/gm, "ended")
      .replaceAll(/[ \t]+/g, " ")
      .replaceAll(/ $/gm, "")
      .trim()
  );
}

async function run(command: string): Promise<string> {
  const given = command.replaceAll(BULK_ID, (id) => ids.get(id) ?? id);
  const [name, ...args] = [...given.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
  expect(name).toBe("longshore");
  const { code, printed } = await inProcess([...args, "--url", `sqlite:${join(folder, ".longshore/demo.db")}`]);
  expect([code ?? 0, given]).toEqual([0, given]);
  return printed;
}

describe("the tour", () => {
  beforeAll(async () => {
    folder = await emptyFolder();
    await promisify(execFile)(process.execPath, [program, "--analysers", "R-F"], { cwd: folder });
  }, 120_000);

  afterAll(() => removeFolder(folder));

  it("shows what its commands print", { timeout: 120_000 }, async () => {
    const commands = await commandsOf("docs/tour.md");
    expect(commands.length).toBeGreaterThan(4);
    for (const { command, output } of commands) {
      const printed = await run(command);
      expect(`${command}\n${lasting(printed)}`).toBe(`${command}\n${lasting(output)}`);
      const [shown] = output.match(BULK_ID) ?? [];
      const [real] = printed.match(BULK_ID) ?? [];
      if (shown !== undefined && real !== undefined) ids.set(shown, real);
    }
  });
});
