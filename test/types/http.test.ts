// The types of tasks reach through HTTP: inputs are asked for, results have their types, with and without the code of the task.
import { expectTypeOf, test } from "vitest";
import { task } from "longshore";
import type { HttpJob, HttpLongshore } from "longshore/http";

const scan = task("scan", ({ input }: { input: { url: string } }) => ({ pages: 3, at: new Date(input.url.length) }));
const ping = task("ping", () => "pong");

/** Compiled, never called. */
export function calls(client: HttpLongshore): unknown[] {
  expectTypeOf(client.enqueue(scan, { url: "x" })).resolves.toEqualTypeOf<
    HttpJob<{ pages: number; at: string }, { url: string }>
  >();
  expectTypeOf(client.enqueue<typeof scan>("scan", { url: "x" })).resolves.toEqualTypeOf<
    HttpJob<{ pages: number; at: string }, { url: string }>
  >();
  expectTypeOf(client.job<typeof scan>("id").result()).resolves.toEqualTypeOf<{ pages: number; at: string }>();
  expectTypeOf(client.enqueue("scan", 7)).resolves.toEqualTypeOf<HttpJob>();
  return [
    client.enqueue(ping),
    client.enqueue(ping, undefined, { delay: "1m" }, { idempotencyKey: "k" }),
    // @ts-expect-error -- the input is missing
    client.enqueue(scan),
    // @ts-expect-error -- the input has no such field
    client.enqueue(scan, { uri: "x" }),
    // @ts-expect-error -- the input is of another type
    client.enqueue<typeof scan>("scan", { url: 7 }),
    // @ts-expect-error -- a misspelt option
    client.enqueue(scan, { url: "x" }, { dely: 1 }),
    // @ts-expect-error -- no such state
    client.jobs({ states: "faild" }),
  ];
}

test("a task's types are the client's", () => {
  expectTypeOf<ReturnType<typeof calls>>().toEqualTypeOf<unknown[]>();
});
