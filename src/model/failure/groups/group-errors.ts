/** Errors of failure groups. */
import { LongshoreError, show } from "../../errors/errors.js";

/** No queue has failures with that fingerprint, or none any more. */
export class FailureGroupNotFound extends LongshoreError {
  constructor(fingerprint: string) {
    super(
      "FAILURE_GROUP_NOT_FOUND",
      `no failures with the fingerprint ${show(fingerprint)} are known: none of its jobs is there, and none failed in the last 30 days`,
    );
  }
}
