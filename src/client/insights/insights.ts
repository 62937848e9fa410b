/** What needs attention, drawn from what was seen. */
import type { Engine } from "../../engine/contract/engine.js";
import { failureInsights } from "../../model/insight/failure-insights.js";
import { compareInsights, countOf, type Insight } from "../../model/insight/insight.js";
import { asideInsight, queueInsight } from "../../model/insight/queue-insights.js";
import { scheduleInsights } from "../../model/insight/schedule-insights.js";
import { nodeInsights } from "../../model/insight/store-insights.js";
import { crashInsights, fleetInsights, lostInsights, skewInsights } from "../../model/insight/worker-insights.js";
import { MOST_QUEUES, observeAll, type Observed } from "./observe.js";

/** Looks, and says what needs attention, the worst first. @throws EngineUnavailable */
export async function readInsights(engine: Engine): Promise<Insight[]> {
  return insightsOf(await observeAll(engine));
}

function insightsOf(seen: Observed): Insight[] {
  const { now, queues, workers, asides, losses, killers, schedules, nodes, causes, unseen, unread } = seen;
  return [
    ...queues.map((queue) => queueInsight(queue, workers, now)),
    ...asides.map((aside) => asideInsight(aside, workers)),
    ...lostInsights(workers, now),
    ...crashInsights(losses, killers),
    ...skewInsights(
      workers,
      nodes.map(({ clockAhead }) => clockAhead ?? 0),
    ),
    ...fleetInsights(workers),
    ...scheduleInsights(schedules, workers, now),
    ...nodes.flatMap(nodeInsights),
    ...failureInsights(causes),
    unseen === 0 ? null : incomplete(unseen),
    unread.length === 0 ? null : unreadable(unread),
  ]
    .filter((insight) => insight !== null)
    .toSorted(compareInsights);
}

function incomplete(unseen: number): Insight {
  return {
    code: "not-all-looked-at",
    severity: "info",
    text: `${countOf(unseen, "queue")} more ${unseen === 1 ? "has" : "have"} jobs waiting; only the ${MOST_QUEUES} with the most were looked at`,
    subjects: {},
    since: null,
    advice: "longshore info lists all of them",
  };
}

function unreadable(unread: readonly string[]): Insight {
  return {
    code: "not-all-looked-at",
    severity: "info",
    text: `the store refuses writes, and with them to add up what these reads need: ${unread.join(", ")}`,
    subjects: {},
    since: null,
    advice: "look again once the store can be written to",
  };
}
