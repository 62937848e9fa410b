// The tasks for workers in processes of their own: `longshore worker io_fetch --tasks build/examples/company-scraper/
// worker-tasks.js`. SCRAPER_SITES_PORT says where the demo serves the websites, SCRAPER_STORE where postings are kept; the
// defaults are those of a demo that was started in the same folder.

import { usualPort } from "../loopback.js";
import { SafeFetch } from "../site-scan/safe-fetch/safe-fetch.js";
import { chooseEnricher } from "./enrich/choose-enricher.js";
import { PostingStore } from "./persist/posting-store.js";
import { fetchingFrom } from "./site/company-sites.js";
import { scraperTasks } from "./tasks.js";

const port = Number(process.env["SCRAPER_SITES_PORT"] ?? usualPort("company-scraper", process.cwd()));

export default Object.values(
  scraperTasks({
    fetcher: new SafeFetch(await fetchingFrom(port)),
    enricher: chooseEnricher(process.env),
    store: new PostingStore(process.env["SCRAPER_STORE"] ?? ".longshore/company-scraper/postings.db"),
  }),
);
