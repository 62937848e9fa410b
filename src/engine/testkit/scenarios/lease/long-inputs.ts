/** Claims of jobs with long inputs: what one call answers is bounded, and a worker asks again for the rest. */
import assert from "node:assert/strict";
import { MOST_CLAIMED_BYTES } from "../../../contract/engine.js";
import { scenarios } from "../../context/scenario.js";

export const longInputs = scenarios("long-inputs", [
  [
    "no-more-text-than-allowed",
    "a claim stops once the inputs of its leases exceed their bound, over all queues, and says that there is more",
    async (context) => {
      const [queues, input] = [["a", "b"], JSON.stringify("x".repeat(MOST_CLAIMED_BYTES / 20 - 2))];
      const ids: string[] = [];
      for (const queue of queues) ids.push(...(await context.addMany(15, { queue, input })));
      const session = await context.session({ queues });
      const first = await session.exchange([], { max: 500 });
      const text = first.leases.reduce((sum, { body }) => sum + (body?.input.length ?? 0), 0);
      // What else an engine stores of a job may count, so that the last one is left.
      assert.ok(text > MOST_CLAIMED_BYTES - input.length && text <= MOST_CLAIMED_BYTES + input.length, `${text}`);
      assert.equal(first.more, true);
      assert.deepEqual((await session.resend()).leases, first.leases);
      const second = await session.exchange([], { max: 500 });
      assert.deepEqual(
        [...first.leases, ...second.leases].map(({ id }) => id),
        ids,
      );
      assert.equal(second.more, false);
    },
  ],
  [
    "longer-than-allowed-alone",
    "a claim gives one job, however long its input is",
    async (context) => {
      const long = await context.add({ input: JSON.stringify("x".repeat(MOST_CLAIMED_BYTES)) });
      const short = await context.add();
      const session = await context.session();
      assert.deepEqual(await session.claimIds(5), [long]);
      assert.deepEqual(await session.claimIds(5), [short]);
    },
  ],
]);
