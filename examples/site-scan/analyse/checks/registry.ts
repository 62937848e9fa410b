// All checks, in the order in which reports list them.

import type { Check } from "../finding.js";
import { anchors } from "./anchors.js";
import { canonical } from "./canonical.js";
import { description } from "./description.js";
import { headingOrder } from "./heading-order.js";
import { imageText } from "./image-text.js";
import { language } from "./language.js";
import { links } from "./links.js";
import { pageSize } from "./page-size.js";
import { readingEase } from "./reading-ease.js";
import { responseTime } from "./response-time.js";
import { thinContent } from "./thin-content.js";
import { title } from "./title.js";

export const checks: readonly Check[] = [
  title,
  description,
  language,
  canonical,
  links,
  anchors,
  headingOrder,
  imageText,
  pageSize,
  responseTime,
  thinContent,
  readingEase,
];
