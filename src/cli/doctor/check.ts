/** One line of the doctor: what was looked at, how it is, and what to do. */

/** `unknown`: it cannot be seen from here. */
export type CheckStatus = "ok" | "warning" | "error" | "unknown";

export interface Check {
  readonly name: string;
  readonly status: CheckStatus;
  /** What was found, in words. */
  readonly text: string;
  /** What to do; `null`: nothing. */
  readonly advice: string | null;
}

export function checked(name: string, status: CheckStatus, text: string, advice: string | null = null): Check {
  return { name, status, text, advice };
}
