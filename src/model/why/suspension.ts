/** Why workers take no work at present. */

/**
 * Why a worker leases no jobs: it was commanded to be `quiet`; it is `stopping`; it has begun its `maxJobs` runs; it has more memory than
 * `maxRss`; an `outage`: the engine does not answer what it sends.
 */
export const SUSPENSIONS = ["quiet", "stopping", "maxJobs", "maxRss", "outage"] as const;
export type Suspension = (typeof SUSPENSIONS)[number];
