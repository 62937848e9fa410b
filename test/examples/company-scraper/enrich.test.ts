// What the text analysis reads out of a posting.

import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";

import { analysePosting } from "../../../examples/company-scraper/enrich/local-analysis.js";
import { salaryIn } from "../../../examples/company-scraper/enrich/salary.js";
import { seniorityOf } from "../../../examples/company-scraper/enrich/seniority.js";
import { skillsIn } from "../../../examples/company-scraper/enrich/skills.js";
import { summaryOf } from "../../../examples/company-scraper/enrich/summary.js";

describe("salaries", () => {
  test.each([
    ["€55,000 – €68,000 a year", 55_000, 68_000, "EUR", "year"],
    ["£42k–£50k", 42_000, 50_000, "GBP", "year"],
    ["€55–68k", 55_000, 68_000, "EUR", "year"],
    ["45.000 – 52.000 € brutto/Jahr", 45_000, 52_000, "EUR", "year"],
    ["CHF 95'000–110'000", 95_000, 110_000, "CHF", "year"],
    ["SEK 33 000–38 000 per month", 33_000, 38_000, "SEK", "month"],
    ["552\u00a0000 to 636\u00a0000 NOK per year", 552_000, 636_000, "NOK", "year"],
    ["CA$83,000–CA$101,000 a year", 83_000, 101_000, "CAD", "year"],
    ["$120,000 - $145,000 per annum", 120_000, 145_000, "USD", "year"],
    ["EUR 48000-60000 per year", 48_000, 60_000, "EUR", "year"],
    ["£12.50 to £15 an hour", 12.5, 15, "GBP", "hour"],
    ["$17–$23/h", 17, 23, "USD", "hour"],
    ["£250 daily", 250, 250, "GBP", "day"],
    ["from €2,664 per month", 2_664, null, "EUR", "month"],
    ["up to €66,000 per year", null, 66_000, "EUR", "year"],
    ["€60,000", 60_000, 60_000, "EUR", "year"],
    ["€3,100", 3_100, 3_100, "EUR", "month"],
    ["€24", 24, 24, "EUR", "hour"],
    ["We pay €60,000 to €70,000. The first month is for learning.", 60_000, 70_000, "EUR", "year"],
  ])("%s", (text, min, max, currency, period) => {
    expect(salaryIn(text)).toEqual({ min, max, currency, period });
  });

  test.each(["Competitive", "", "ISO 27001 and 24 beds", "within 120 kilometres", "founded in 1986, 400–500 people"])(
    "%j is none",
    (text) => expect(salaryIn(text)).toBeNull(),
  );

  test("every pay in the example's pages is read as its author meant it", async () => {
    const file = await readFile(new URL("postings.json", import.meta.url), "utf8");
    const known = JSON.parse(file) as { pay: string | null; salary: unknown }[];
    const read = known.map(({ pay }) => ({ pay, salary: salaryIn(pay ?? "") }));
    expect(read).toEqual(known.map(({ pay, salary }) => ({ pay, salary })));
  });
});

describe("seniority", () => {
  test.each([
    ["Senior Backend Engineer", "", "senior"],
    ["Charge Nurse, Night Shift", "", "senior"],
    ["Lead Installer, Solar", "", "lead"],
    ["Head of Product", "", "head"],
    ["Junior Accountant", "", "junior"],
    ["Marketing Intern", "", "intern"],
    ["International Sales Manager", "", null],
    ["Engineer", "At least five years of experience with Linux.", "senior"],
    ["Engineer", "Experience of 3–5 years in development.", "mid"],
    ["Engineer", "5+ years of experience.", "senior"],
    ["Analyst", "First experience with R; a year in a similar position is enough.", "junior"],
    ["Engineer", "A monolith that has served us for nine years.", null],
  ])("%s, %j: %s", (title, description, expected) => {
    expect(seniorityOf(title, description)).toBe(expected);
  });
});

describe("skills", () => {
  test.each([
    ["TypeScript and Node.js, and know PostgreSQL", ["TypeScript", "Node.js", "PostgreSQL"]],
    ["reactjs, k8s or Postgres", ["React", "PostgreSQL", "Kubernetes"]],
    ["You write C and C++ for microcontrollers", ["C++", "C", "microcontrollers"]],
    ["Solid Python and SQL, and statistics in R or Python.", ["Python", "R", "SQL", "statistics"]],
    ["You write Go, Python or Bash", ["Python", "Go", "Bash"]],
    ["You are good at SQL and Excel", ["SQL", "Excel"]],
    ["Driving licence class C+E", ["driving licence C+E"]],
    ["mass spectrometers and HPLC", ["HPLC", "mass spectrometry"]],
  ])("%s", (text, expected) => {
    expect(skillsIn(text)).toEqual(expected);
  });

  test.each([
    "Go to our website. Excel at what you do. React quickly.",
    "We go far, excel together and react at once, with a spark.",
    "R&D in a javanese restaurant; the rest is up to you.",
  ])("%j names none", (text) => expect(skillsIn(text)).toEqual([]));
});

test("the summary is the sentence that says most of the work, as it stands", () => {
  const description = [
    "Acme is a company. You build the pipelines that bring measurements and weather into one warehouse.",
    "You have fun. Knowledge of Snowflake helps.",
  ].join("\n");
  expect(summaryOf(description)).toBe(
    "You build the pipelines that bring measurements and weather into one warehouse.",
  );
  expect(summaryOf("")).toBe("");
  expect(summaryOf("Too short.")).toBe("");
});

test("a posting's own pay counts before sums in its text", () => {
  const posting = {
    ...{
      key: "k",
      reference: null,
      location: null,
      employmentType: null,
      postedOn: null,
      url: "https://mill.example/",
    },
    title: "Senior Data Engineer",
    pay: "€70k – €80k",
    description: "You build pipelines in Python for a budget of €100,000 a year, and keep them running.",
  };
  expect(analysePosting(posting)).toEqual({
    skills: ["Python"],
    seniority: "senior",
    salary: { min: 70_000, max: 80_000, currency: "EUR", period: "year" },
    summary: posting.description,
  });
  expect(analysePosting({ ...posting, pay: "Competitive" }).salary).toMatchObject({ min: 100_000, max: 100_000 });
});
