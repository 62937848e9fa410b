/** The messages between the bench and a host: a request for a round, and its numbers or the reason why there are none. */
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
