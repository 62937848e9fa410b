/**
 * How much there is to read of a job, known from the lengths of its columns without reading them: the process does nothing else
 * while it reads jobs, so long ones are read few at a time.
 */

/** How many bytes of jobs are read at once. One job is read whatever it has. */
export const MOST_READ = 2 * 1024 * 1024;

/** A row has some bytes more than its texts. */
const ROW = 500;

/** The weight of the job `j`: about as many bytes as it has. */
export const WEIGHT = `${ROW} + coalesce(octet_length(j.input), (SELECT octet_length(i.input) FROM inputs i WHERE i.job = j.job), 0)
  + coalesce(octet_length(j.result), 0) + coalesce(octet_length(j.meta), 0) + coalesce(octet_length(j.failures), 0)
  + CASE j.linked WHEN 1 THEN (SELECT octet_length(b.body) FROM link_bodies b WHERE b.job = j.job) ELSE 0 END
  + CASE WHEN j.epoch > 0 OR j.error_epoch IS NOT NULL
    THEN (SELECT coalesce(sum(${ROW} + coalesce(octet_length(a.error), 0)), 0) FROM attempts a WHERE a.job = j.job) ELSE 0 END`;

/** How many of these, from the first on, are no more than so many bytes together. */
export function countFitting(weights: readonly number[], most: number): number {
  let total = 0;
  const beyond = weights.findIndex((weight) => (total += weight) > most);
  return beyond === -1 ? weights.length : beyond;
}
