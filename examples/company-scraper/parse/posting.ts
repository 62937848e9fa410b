// A job posting as a page states it, and by what it is known again.

export interface Posting {
  /** By what it is known among all postings of all companies, scrape after scrape. */
  key: string;
  title: string;
  /** The employer's own number of it. */
  reference: string | null;
  location: string | null;
  /** In the words of the page: `Full time`. */
  employmentType: string | null;
  /** In the words of the page: `€55,000 – €68,000 a year`. */
  pay: string | null;
  /** ISO 8601 date. */
  postedOn: string | null;
  /** Paragraphs on lines of their own; empty when only a list names the posting. */
  description: string;
  /** Its own page, else the one it was found on. */
  url: string;
}

/** What a reader of pages finds: a posting, or a part of one. */
export type PostingDraft = Pick<Posting, "title" | "url"> & Partial<Omit<Posting, "key">>;

/**
 * The postings that `pages` of drafts, found at the host of `companyUrl`, describe. What a list and the posting's own page
 * say is put together, and what is shown twice, such as on every page of a list, is one posting.
 */
export function postingsOf(pages: readonly (readonly PostingDraft[])[], companyUrl: string): Posting[] {
  const { hostname } = new URL(companyUrl);
  const found = new Map<string, PostingDraft>();
  for (const draft of linked(pages)) {
    const key = naturalKey(hostname, draft);
    const known = found.get(key);
    found.set(key, known === undefined ? draft : merged(known, draft));
  }
  return [...found].map(([key, draft]) => ({
    key,
    title: draft.title,
    reference: draft.reference ?? null,
    location: draft.location ?? null,
    employmentType: draft.employmentType ?? null,
    pay: draft.pay ?? null,
    postedOn: draft.postedOn ?? null,
    description: draft.description ?? "",
    url: draft.url,
  }));
}

/** The employer's number of a posting where there is one, else what is offered and where. */
function naturalKey(host: string, { reference, title, location }: PostingDraft): string {
  if (reference !== undefined && reference !== null) return `${host}#${plain(reference)}`;
  return `${host}/${plain(title)}@${plain(location ?? "")}`;
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}+#]+/gu, "-")
    .replace(/^-|-$/g, "");
}

/** The drafts, those of one address and title on different pages put together; on one page they are two offers. */
function linked(pages: readonly (readonly PostingDraft[])[]): PostingDraft[] {
  const found: { draft: PostingDraft; page: number }[] = [];
  for (const [page, drafts] of pages.entries()) {
    for (const draft of drafts) {
      const isSame = (other: PostingDraft): boolean => other.url === draft.url && other.title === draft.title;
      const known = found.find((one) => one.page !== page && isSame(one.draft));
      if (known === undefined) found.push({ draft, page });
      else Object.assign(known, { draft: merged(known.draft, draft), page });
    }
  }
  return found.map(({ draft }) => draft);
}

/** What `first` says, with what only `second` says; of the descriptions the longer one. */
function merged(first: PostingDraft, second: PostingDraft): PostingDraft {
  const said = Object.entries(first).filter(([, value]) => value !== null && value !== undefined);
  const [one = "", other = ""] = [first.description, second.description];
  return {
    ...second,
    ...(Object.fromEntries(said) as PostingDraft),
    description: other.length > one.length ? other : one,
  };
}
