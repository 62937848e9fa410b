/** The source of a topic. */
import type { LiveParts, Outlet, Source } from "./source.js";
import type { Topic } from "./topic.js";
import { FailuresSource } from "./failures.js";
import { FlowSource } from "./flow.js";
import { JobSource } from "./job.js";
import { OverviewSource } from "./overview.js";
import { QueueSource } from "./queue.js";
import { TagSource } from "./tag.js";

export function makeSource(topic: Topic, parts: LiveParts, outlet: Outlet): Source {
  switch (topic.kind) {
    case "job":
      return new JobSource(topic.ref, topic.tag, parts, outlet);
    case "flow":
      return new FlowSource(topic.ref, topic.tag, parts, outlet);
    case "queue":
      return new QueueSource(topic.queue, parts, outlet);
    case "tag":
      return new TagSource(topic.tag, parts, outlet);
    case "overview":
      return new OverviewSource(parts, outlet);
    case "failures":
      return new FailuresSource(parts, outlet);
  }
}
