/** The work of every system: the same inputs, the same results. */

/** The input of a job: about 70 bytes of JSON, or about 1 KB with `text`. */
export interface Payload {
  readonly requirementId: string;
  readonly analysers: readonly string[];
  readonly text?: string;
}

/** What a no-op handler answers. */
export const RESULT = { issues: 0, ok: true };

/** The text that makes an input or a result about 1 KB of JSON. */
export const KILOBYTE = "The harbour master keeps a list of every ship. ".repeat(20);

/** What a handler answers in `run-1k`. */
export const KILOBYTE_RESULT = { issues: 0, ok: true, text: KILOBYTE };

/** The inputs of a round. */
export function payloads(count: number, size: "small" | "kilobyte" = "small"): Payload[] {
  const text = size === "kilobyte" ? { text: KILOBYTE } : {};
  return Array.from({ length: count }, (_, index) => ({
    requirementId: `requirement-${String(index).padStart(8, "0")}`,
    analysers: ["R-A", "R-D", "R-F"],
    ...text,
  }));
}
