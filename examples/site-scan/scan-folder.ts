// Where a scan keeps what is too large for the queue: the pages as they were fetched, what was read from them, and the
// report. Steps hand on the names of these files. A file is written beside its place and moved there, so that a worker
// that dies leaves no half of one. Every worker that may continue a scan needs to see the same folder.

import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A file of a scan, as a step hands it on. */
export interface ScanFile {
  /** Its name in the scan's folder. */
  name: string;
  /** SHA-256 of its content in hexadecimal. */
  sha256: string;
}

/** A file that an earlier step wrote is gone, or is not what that step wrote. */
export class ScanFileLost extends Error {
  override readonly name = "ScanFileLost";
}

export class ScanFolder {
  readonly path: string;

  /** The folder at `path`, which is made when it is needed. */
  constructor(path: string) {
    this.path = path;
  }

  /** Writes `text` to the file `name`, in place of what it held. */
  async write(name: string, text: string): Promise<ScanFile> {
    await mkdir(this.path, { recursive: true });
    const place = join(this.path, name);
    const draft = `${place}.${process.pid}`;
    await writeFile(draft, text);
    await rename(draft, place);
    return { name, sha256: sha256(text) };
  }

  /**
   * The text of `file`.
   *
   * @throws {ScanFileLost} when it is not there as it was written.
   */
  async read(file: ScanFile): Promise<string> {
    let text: string;
    try {
      text = await readFile(join(this.path, file.name), "utf8");
    } catch (error) {
      throw new ScanFileLost(`${file.name} is not in ${this.path}`, { cause: error });
    }
    if (sha256(text) !== file.sha256) throw new ScanFileLost(`${file.name} in ${this.path} was changed`);
    return text;
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
