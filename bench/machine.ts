/** The machine a run was made on. Numbers of different machines are never compared. */
import { arch, cpus, release, totalmem } from "node:os";

export interface Machine {
  readonly cpu: string;
  readonly cpus: number;
  readonly memoryGb: number;
  readonly os: string;
  readonly node: string;
  /** Versions of the servers that were needed; `null` when one was not. */
  readonly redis: string | null;
  readonly postgres: string | null;
}

/** @param servers versions by kind of store */
export function describeMachine(servers: Readonly<Record<string, string>>): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cpus: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    os: `${process.platform} ${release()} ${arch()}`,
    node: process.version,
    redis: servers["redis"] ?? null,
    postgres: servers["postgres"] ?? null,
  };
}
