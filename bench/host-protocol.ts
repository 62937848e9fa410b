/** What the bench and a host say to each other: a round is asked for, and its numbers or the reason why not come back. */
import type { Store } from "./system.js";

/** Asks a host for one round. */
export interface RoundRequest {
  readonly scenario: string;
  readonly store: Store;
  readonly queue: string;
  readonly jobs: number;
  readonly quick: boolean;
}

/** The answer to one request. */
export type RoundAnswer =
  | { readonly measured: Readonly<Record<string, number>> }
  | { readonly failed: string; readonly verified: boolean };
