/**
 * How much there is to read of a job, known from the lengths of its columns without reading them: the process does nothing else
 * while it reads jobs, so long ones are read few at a time.
 */

import { asksFor, type LongField } from "../../../../model/job/query/fields.js";

/** How many bytes of jobs are read at once. One job is read whatever it has. */
export const MOST_READ = 2 * 1024 * 1024;

/** A row has some bytes more than its texts. */
const ROW = 500;

const LONG: Readonly<Record<Exclude<LongField, "references">, string>> = {
  input: "coalesce(octet_length(j.input), (SELECT octet_length(i.input) FROM inputs i WHERE i.job = j.job), 0)",
  result: "coalesce(octet_length(j.result), 0)",
  meta: "coalesce(octet_length(j.meta), 0)",
  failures: "coalesce(octet_length(j.failures), 0)",
  history: `CASE WHEN j.epoch > 0 OR j.error_epoch IS NOT NULL
    THEN (SELECT coalesce(sum(${ROW} + coalesce(octet_length(a.error), 0)), 0) FROM attempts a WHERE a.job = j.job) ELSE 0 END`,
};

const LAST_ERROR = `CASE WHEN j.error_epoch IS NOT NULL
  THEN (SELECT coalesce(octet_length(a.error), 0) FROM attempts a WHERE a.job = j.job AND a.epoch = j.error_epoch) ELSE 0 END`;
const LINKS =
  "CASE j.linked WHEN 1 THEN (SELECT octet_length(b.body) FROM link_bodies b WHERE b.job = j.job) ELSE 0 END";

/** The weight of the job `j`: about as many bytes as there are to read of it, with these of its long fields. */
export function weightOf(fields: readonly LongField[] | undefined): string {
  const asked = Object.entries(LONG).flatMap(([field, text]) =>
    asksFor(fields, field as keyof typeof LONG) ? [text] : [],
  );
  return [ROW, LINKS, ...asked, ...(asksFor(fields, "history") ? [] : [LAST_ERROR])].join(" + ");
}

/** How many of these, from the first on, are no more than so many bytes together. */
export function countFitting(weights: readonly number[], most: number): number {
  let total = 0;
  const beyond = weights.findIndex((weight) => (total += weight) > most);
  return beyond === -1 ? weights.length : beyond;
}
