// Sums of money in postings: `€55,000 – €68,000 a year`, `45.000 – 52.000 € brutto/Jahr`, `CHF 95'000–110'000`,
// `£42k–£50k`, `SEK 33 000–38 000 per month`, `up to $30 an hour`. Only what stands beside a currency is a sum.

import type { Salary } from "./enrichment.js";

const currencies: Readonly<Record<string, string>> = {
  "€": "EUR",
  "£": "GBP",
  $: "USD",
  US$: "USD",
  CA$: "CAD",
  C$: "CAD",
  A$: "AUD",
  NZ$: "NZD",
  "¥": "JPY",
  "₹": "INR",
  zł: "PLN",
  ...Object.fromEntries(
    "EUR GBP USD CAD AUD NZD CHF SEK NOK DKK PLN CZK JPY INR".split(" ").map((code) => [code, code]),
  ),
};

const currency = Object.keys(currencies)
  .sort((a, b) => b.length - a.length)
  .map((sign) => sign.replace("$", "\\$"))
  .join("|");
/** Thousands apart by a comma, a point, an apostrophe or a blank of any kind; else a number with decimals. */
const amount = String.raw`\d{1,3}(?:[,.'’\s]\d{3})+(?!\d)|\d+(?:[.,]\d{1,2})?`;
const sum = (n: number): string =>
  String.raw`(?<before${n}>${currency})?\s?(?<amount${n}>${amount})\s?(?<k${n}>k\b)?\s?(?<after${n}>${currency})?`;
const range = new RegExp(String.raw`(?<![\w.,])${sum(1)}(?:\s?(?:-|–|—|to|bis)\s?${sum(2)})?(?!\w)`, "gu");

const bound = {
  most: /\b(?:up to|max(?:imum)?\.?|bis zu)\s*$/i,
  least: /\b(?:from|min(?:imum)?\.?|starting at|ab)\s*$/i,
};

/** Names of periods, as they follow a sum. */
const periods: readonly [RegExp, Salary["period"]][] = [
  [/^[^.;\n]{0,20}?(?:\bhours?\b|\bhourly\b|\bhr\b|\/\s?h\b|\bStunde\b)/i, "hour"],
  [/^[^.;\n]{0,20}?(?:\bdays?\b|\bdaily\b|\bTag\b)/i, "day"],
  [/^[^.;\n]{0,20}?(?:\bmonths?\b|\bmonthly\b|\bMonat\b)/i, "month"],
  [/^[^.;\n]{0,20}?(?:\byears?\b|\bannum\b|\bannually\b|\byearly\b|\byr\b|\bp\.\s?a\.|\bJahr\b)/i, "year"],
];

/** The first sum or range in `text`; null when there is none. */
export function salaryIn(text: string): Salary | null {
  for (const match of text.matchAll(range)) {
    const { before1, amount1 = "", k1, after1, before2, amount2, k2, after2 } = match.groups ?? {};
    const sign = before1 ?? after1 ?? before2 ?? after2;
    const code = sign === undefined ? undefined : currencies[sign];
    if (code === undefined) continue;
    const second = amount2 === undefined ? null : numberOf(amount2, k2);
    // "55–68k": the k is for both.
    const first = numberOf(
      amount1,
      k1 ?? (second !== null && second >= 1_000 && numberOf(amount1) < 1_000 ? k2 : undefined),
    );
    const lead = text.slice(0, match.index);
    const isMost = second === null && bound.most.test(lead);
    const isLeast = second === null && bound.least.test(lead);
    return {
      min: isMost ? null : first,
      max: isMost ? first : isLeast ? null : (second ?? first),
      currency: code,
      period: periodAfter(text.slice(match.index + match[0].length)) ?? likelyPeriod(first),
    };
  }
  return null;
}

function numberOf(text: string, k?: string): number {
  const isGrouped = /^\d{1,3}(?:[,.'’\s]\d{3})+$/u.test(text);
  const number = Number(isGrouped ? text.replace(/\D/g, "") : text.replace(",", "."));
  return k === undefined ? number : number * 1_000;
}

function periodAfter(text: string): Salary["period"] | undefined {
  return periods.find(([pattern]) => pattern.test(text))?.[1];
}

/** Where a posting names no period, its size tells. */
function likelyPeriod(sum: number): Salary["period"] {
  return sum < 200 ? "hour" : sum < 12_000 ? "month" : "year";
}
