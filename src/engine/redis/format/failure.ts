/** A failure as the scripts take it: its fingerprint, what its group says of it, and the whole as it is stored, a line each. */
import { encodeFailure, fingerprintOf, type Failure } from "../../../model/failure/failure.js";
import { summaryOf } from "../../../model/failure/group.js";
import { encodeSummary } from "../../shared/failure-groups.js";

export function encodeFiled(failure: Failure): string {
  return `${fingerprintOf(failure)}\n${encodeSummary(summaryOf(failure))}\n${encodeFailure(failure)}`;
}
