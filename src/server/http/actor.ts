/** Who acts, as states of failure groups and bulk jobs remember it. */
import { OPEN_ACCESS, type Access } from "./access.js";

/** The most bytes of a name that is remembered. */
const LONGEST = 100;

/** The name of who asks; none on an open server, which does not know. */
export function actorOf(access: Access): { by?: string } {
  if (access.subject === OPEN_ACCESS.subject) return {};
  const { read } = new TextEncoder().encodeInto(access.subject, new Uint8Array(LONGEST));
  return { by: access.subject.slice(0, read) };
}
