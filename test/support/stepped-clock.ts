// A date that tests can set for processes they start, without touching the machine's: a small library is built that is
// preloaded into them. Needs a C compiler and Linux; elsewhere there is none.
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("stepped-clock.c", import.meta.url));

/** The library, built once; `null` where it cannot be. */
function build(): string | null {
  if (process.platform !== "linux") return null;
  const folder = mkdtempSync(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-clock-`));
  const library = join(folder, "stepped-clock.so");
  const built = spawnSync("cc", ["-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], { stdio: "ignore" });
  return built.status === 0 ? library : null;
}

const LIBRARY = build();

/** Can the date be set for processes here? */
export const CAN_STEP = LIBRARY !== null;

export class SteppedClock {
  /** What a process needs in its environment to live by this clock. */
  readonly env: Readonly<Record<string, string>>;
  readonly #path: string;

  /** @param folder where the step is kept */
  constructor(folder: string) {
    this.#path = join(folder, "clock-step");
    this.env = { LD_PRELOAD: LIBRARY ?? "", CLOCK_STEP: this.#path };
    writeFileSync(this.#path, Buffer.alloc(8));
  }

  /** Sets the date this many milliseconds ahead of the machine's, or behind it when negative. */
  set(ms: number): void {
    const step = Buffer.alloc(8);
    step.writeBigInt64LE(BigInt(ms));
    // In place: processes have the file in their memory.
    writeFileSync(this.#path, step, { flag: "r+" });
  }
}
