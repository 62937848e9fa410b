// What a worker without listeners says through warnings of its process.
import { EventEmitter, once } from "node:events";
import { expect, it } from "vitest";
import { EventPublisher } from "../../../src/worker/run/event-publisher.js";

it("a warning of the process has no secret that an error quotes", async () => {
  const warned = once(process, "warning");
  new EventPublisher(new EventEmitter(), "mute").publishError(new Error("no answer of redis://app:hunter2@db:6379"));
  const [{ message }] = (await warned) as [Error];
  expect(message).toBe("worker mute: no answer of redis://app:[redacted]@db:6379");
});
