// What an access may see of payloads and texts.
import { expect, it } from "vitest";
import { OPEN_ACCESS, type Access } from "../../src/server/http/access.js";
import { viewOf } from "../../src/server/http/view.js";
import { parseServerOptions } from "../../src/server/options.js";
import { progressDocument } from "../../src/server/schema/job.js";
import { NO_PROGRESS } from "../../src/model/job/progress.js";
import { TaskSecrets } from "../../src/model/redaction/task-secrets.js";

const secrets = new TaskSecrets(["input.iban", "steps.charge.card", "steps.*.code", "milestones.PAID", "no place"]);
const access: Access = { ...OPEN_ACCESS, secretsOf: (task) => (task === "pay" ? secrets : new TaskSecrets([])) };

it("payloads are shown without what names a secret, and without what their task declares", () => {
  const { payload } = viewOf(access);
  const value = { iban: "DE1", card: "4", code: 1, password: "x", n: 1 };
  const hidden = "[redacted]";
  expect(payload("pay", "input", value)).toEqual({ ...value, iban: hidden, password: hidden });
  expect(payload("pay", "result", value)).toEqual({ ...value, password: hidden });
  expect(payload("pay", "steps.charge", value)).toEqual({ ...value, card: hidden, code: hidden, password: hidden });
  expect(payload("pay", "steps.other", value)).toEqual({ ...value, code: hidden, password: hidden });
  expect(payload("pay", "milestones.PAID", value)).toBe(hidden);
  expect(payload("scan", "input", value)).toEqual({ ...value, password: hidden });
  expect(viewOf(OPEN_ACCESS).payload("pay", "input", value)).toEqual({ ...value, password: hidden });
});

it("without the right to read them they are null, whatever they are", () => {
  const view = viewOf({ ...access, allows: (scope) => scope === "read" });
  expect([view.payloads, view.payload("scan", "input", { n: 1 }), view.payload("scan", "result", 1)]).toEqual([
    false,
    null,
    null,
  ]);
  expect(view.text("password=x")).toBe("password=[redacted]");
});

it("what the server logs has no secrets, whichever part of it writes the line", () => {
  const lines: unknown[] = [];
  const { log } = parseServerOptions({ log: (...line) => lines.push(line) });
  log("error", "No luck with token=x1", { path: "/a?api_key=x2", failed: [{ text: "redis://u:x3@db" }], cookie: "x4" });
  const hidden = "[redacted]";
  expect(lines).toEqual([
    [
      "error",
      `No luck with token=${hidden}`,
      { path: `/a?api_key=${hidden}`, failed: [{ text: `redis://u:${hidden}@db` }], cookie: hidden },
    ],
  ]);
});

it("what a handler says of its progress is shown without secrets: the message, the step and the status", () => {
  const said = { message: "at token=x", step: "login?token=x", status: "token: x" };
  expect(progressDocument({ ...NO_PROGRESS, ...said }, viewOf(OPEN_ACCESS))).toMatchObject({
    ...{ message: "at token=[redacted]", step: "login?token=[redacted]", status: "token: [redacted]" },
  });
});
