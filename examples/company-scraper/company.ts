// A company whose job postings are scraped.

export interface Company {
  /** Short name in lower case: `harbourline`. */
  slug: string;
  name: string;
  /** Where its list of postings begins. */
  url: string;
}
