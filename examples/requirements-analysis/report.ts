// What a run found and how fast it was, as one summary object. `summarise` is pure; terminal-report.ts and
// markdown-report.ts turn the summary into text.

import type { JobState } from "longshore";

import type { Analyser, Finding } from "./finding.js";
import { severityWeight } from "./finding.js";
import type { StatusCounts } from "./status.js";
import { words } from "./status.js";

/** An analyser that could not read a requirement. */
export interface UnreadPart {
  /** Its code. */
  analyser: string;
  reason: string;
}

/** How one job ended. */
export interface JobOutcome {
  requirementId: string;
  text: string;
  state: JobState;
  findings: readonly Finding[];
  /** The job's own counter of issues. */
  issues: number;
  /** What is missing in a job that is partial. */
  unread: readonly UnreadPart[];
  /** Milliseconds from enqueue to start; undefined when the job never started. */
  waitMs: number | undefined;
  /** Milliseconds from start to end. */
  runMs: number | undefined;
  /** Why it failed. */
  error: string | undefined;
  /** Finished in an earlier run that was interrupted. */
  resumed: boolean;
}

/** A run as a whole. */
export interface RunOutcome {
  engine: string;
  /** Name of the file the requirements came from. */
  source: string;
  startedAt: Date;
  /** Milliseconds from the first enqueue to the last job's end, in this process. */
  wallMs: number;
  concurrency: number;
  jobs: readonly JobOutcome[];
  /** How much of the run before it is superseded by now. */
  earlier: { jobs: number; issues: number };
}

/** Analysers that could not read a requirement, for one reason. */
export interface UnreadRequirement {
  id: string;
  /** Their codes. */
  analysers: readonly string[];
  reason: string;
}

/** Median and 95th percentile in milliseconds; undefined when nothing was measured. */
export interface Percentiles {
  p50: number | undefined;
  p95: number | undefined;
}

export interface RatedRequirement {
  id: string;
  text: string;
  findings: readonly Finding[];
  /** Sum of the weights of the findings: high 5, medium 2, low 1. */
  score: number;
}

export interface AnalyserTotal {
  analyser: Analyser;
  issues: number;
  /** Requirements with at least one issue. */
  requirements: number;
}

export interface Summary {
  engine: string;
  source: string;
  startedAt: Date;
  concurrency: number;
  jobs: number;
  completed: number;
  partial: number;
  failed: number;
  /** Jobs whose place a newer run took before they ended. */
  superseded: number;
  /** The same by the words of status.ts. */
  counts: StatusCounts;
  /** Jobs and issues of the run before that are superseded. */
  earlier: { jobs: number; issues: number };
  /** Jobs that an interrupted earlier run had finished already. */
  resumed: number;
  issues: number;
  /** Requirements with at least one issue. */
  affected: number;
  /** Requirements that every analyser read and none found an issue in. */
  clean: number;
  perAnalyser: readonly AnalyserTotal[];
  /** At most ten, worst first. */
  worst: readonly RatedRequirement[];
  /** What is missing in the partial jobs. */
  unread: readonly UnreadRequirement[];
  failures: readonly { id: string; error: string }[];
  wallMs: number;
  /** Jobs that ended in this run for each second of it. */
  jobsPerSecond: number;
  wait: Percentiles;
  run: Percentiles;
}

const worstShown = 10;

/** Sums up `run`, with one total for each of `analysers`. */
export function summarise(run: RunOutcome, analysers: readonly Analyser[]): Summary {
  const { jobs } = run;
  const here = jobs.filter((job) => !job.resumed);
  const inState = (state: string): number => jobs.filter((job) => job.state === state).length;
  const completed = inState("completed");
  const partial = inState("partial");
  const superseded = inState("superseded");
  return {
    engine: run.engine,
    source: run.source,
    startedAt: run.startedAt,
    concurrency: run.concurrency,
    jobs: jobs.length,
    completed,
    partial,
    failed: jobs.length - completed - partial - superseded,
    superseded,
    counts: countsOf(jobs),
    earlier: run.earlier,
    resumed: jobs.length - here.length,
    issues: jobs.reduce((total, job) => total + job.issues, 0),
    affected: jobs.filter((job) => job.issues > 0).length,
    clean: jobs.filter((job) => job.state === "completed" && job.findings.length === 0).length,
    perAnalyser: analysers.map((analyser) => totalOf(analyser, jobs)),
    worst: worstOf(jobs),
    unread: jobs.flatMap(unreadOf),
    failures: jobs.flatMap(({ requirementId: id, error }) => (error === undefined ? [] : [{ id, error }])),
    wallMs: Math.round(run.wallMs),
    jobsPerSecond: run.wallMs > 0 ? Math.round((here.length / run.wallMs) * 10_000) / 10 : 0,
    wait: percentiles(here.map((job) => job.waitMs)),
    run: percentiles(here.map((job) => job.runMs)),
  };
}

/** The line that `--json` prints. */
export function summaryLine(summary: Summary): string {
  const { engine, jobs, completed, partial, failed, superseded, issues, earlier, wallMs, jobsPerSecond } = summary;
  return JSON.stringify({
    engine,
    jobs,
    completed,
    partial,
    failed,
    superseded,
    issues,
    earlierJobsSuperseded: earlier.jobs,
    earlierIssuesSuperseded: earlier.issues,
    wallMs,
    jobsPerSecond,
  });
}

function countsOf(jobs: readonly JobOutcome[]): StatusCounts {
  const counts: StatusCounts = {};
  for (const { state } of jobs) counts[words.states[state]] = (counts[words.states[state]] ?? 0) + 1;
  return counts;
}

function unreadOf({ requirementId: id, unread }: JobOutcome): UnreadRequirement[] {
  const reasons = new Set(unread.map(({ reason }) => reason));
  return [...reasons].map((reason) => {
    const analysers = unread.filter((part) => part.reason === reason).map(({ analyser }) => analyser);
    return { id, analysers, reason };
  });
}

/** Median and 95th percentile by the nearest-rank method. */
export function percentiles(values: readonly (number | undefined)[]): Percentiles {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  const rank = (share: number): number | undefined => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  return { p50: rank(0.5), p95: rank(0.95) };
}

function totalOf(analyser: Analyser, jobs: readonly JobOutcome[]): AnalyserTotal {
  const perJob = jobs.map(({ findings }) => findings.filter((finding) => finding.analyser === analyser.code).length);
  return {
    analyser,
    issues: perJob.reduce((total, issues) => total + issues, 0),
    requirements: perJob.filter((issues) => issues > 0).length,
  };
}

function worstOf(jobs: readonly JobOutcome[]): RatedRequirement[] {
  return jobs
    .map(({ requirementId, text, findings }) => ({
      id: requirementId,
      text,
      findings,
      score: findings.reduce((total, finding) => total + severityWeight[finding.severity], 0),
    }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || b.findings.length - a.findings.length)
    .slice(0, worstShown);
}

/** A duration for people: `840 ms`, `2.4 s`. */
export function milliseconds(value: number | undefined): string {
  if (value === undefined) return "–";
  if (value < 10) return `${Math.round(value * 10) / 10} ms`;
  return value < 1000 ? `${Math.round(value)} ms` : `${Math.round(value / 100) / 10} s`;
}
