/** What a stream may be about: one job, a flow with its jobs, a queue, a tag, all queues at a glance, what fails. */
import type { JobRef } from "../../../model/job/job-ref.js";
import { parseId, parseKey, parseName } from "../../../model/value/name.js";
import { InvalidInput } from "../../../model/errors/errors.js";

/** The most topics of one stream. */
export const MOST_TOPICS = 50;

/** What a request names; of a job or a flow perhaps only the id. */
export type AskedTopic =
  | { readonly kind: "job" | "flow"; readonly id: string; readonly queue: string | null; readonly text: string }
  | { readonly kind: "queue"; readonly queue: string; readonly text: string }
  | { readonly kind: "tag"; readonly tag: string; readonly text: string }
  | { readonly kind: "overview" | "failures"; readonly text: string };

/** What is followed. */
export type Topic =
  /** `tag`: only as long as it carries it, and of a flow only those of its jobs that do; `null`: whatever it carries. */
  | { readonly kind: "job" | "flow"; readonly ref: JobRef; readonly tag: string | null }
  | { readonly kind: "queue"; readonly queue: string }
  | { readonly kind: "tag"; readonly tag: string }
  | { readonly kind: "overview" | "failures" };

const RULE = "job:ID, job:QUEUE/ID, flow:ID, flow:QUEUE/ID, queue:NAME, tag:TAG, overview, failures";
// A tag may hold commas: one only divides where a topic begins after it.
const BETWEEN = /,(?=(?:job|flow|queue|tag):|overview(?:,|$)|failures(?:,|$))/;

/** The topics that a request names, each once. @throws InvalidInput */
export function parseTopics(given: readonly string[]): AskedTopic[] {
  const texts = [...new Set(given.flatMap((text) => text.split(BETWEEN)))].filter((text) => text !== "");
  if (texts.length === 0 || texts.length > MOST_TOPICS) {
    throw new InvalidInput("topics", texts.length, `1 to ${MOST_TOPICS} of ${RULE}`);
  }
  return texts.map(parseTopic);
}

function parseTopic(text: string): AskedTopic {
  if (text === "overview" || text === "failures") return { kind: text, text };
  const [, kind, rest = ""] = /^(job|flow|queue|tag):(.+)$/s.exec(text) ?? [];
  switch (kind) {
    case "job":
    case "flow": {
      const slash = rest.indexOf("/");
      const queue = slash === -1 ? null : parseName("topics", rest.slice(0, slash));
      return { kind, queue, id: parseId("topics", rest.slice(slash + 1)), text };
    }
    case "queue":
      return { kind, queue: parseName("topics", rest), text };
    case "tag":
      return { kind, tag: parseKey("topics", rest, 128), text };
    default:
      throw new InvalidInput("topics", text, `some of ${RULE}`);
  }
}

/** The name of a topic in a stream: the queue of a job or flow is always said. */
export function nameOf(topic: Topic): string {
  switch (topic.kind) {
    case "job":
    case "flow":
      return `${topic.kind}:${topic.ref.queue}/${topic.ref.id}`;
    case "queue":
      return `queue:${topic.queue}`;
    case "tag":
      return `tag:${topic.tag}`;
    default:
      return topic.kind;
  }
}

/** What tells a topic from all others: what a tenant sees of a job or a flow is another than what all see. */
export function identityOf(topic: Topic): string {
  return "tag" in topic && topic.kind !== "tag" && topic.tag !== null
    ? `${nameOf(topic)}\n${topic.tag}`
    : nameOf(topic);
}
