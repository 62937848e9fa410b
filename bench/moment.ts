/**
 * The clock on which processes of one machine can be compared: the system's monotonic one, which is the same for all of
 * them. `performance.timeOrigin` is not: each process takes it from the wall clock, which may be set in between.
 */

/** Now, in milliseconds with fractions; only differences mean something. */
export function moment(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
