/** The typed client of the HTTP API, for browsers and wherever `fetch` is. This is all that `import … from "longshore/http"` gives. */
export { connectHttp, HttpLongshore, type HttpEnqueueCall, type HttpJobRequest } from "./http-longshore.js";
export { HttpJob, type HttpJobDocument, type HttpJobRef, type HttpResultOptions } from "./job.js";
export type { HttpJobEvent, HttpLiveEvent, HttpLiveFrame } from "./job-events.js";
export { HttpJobFailed } from "./job-failed.js";
export { HttpError, HttpInvalid, HttpProblem, HttpTimeout, HttpUnreachable, type ProblemDocument } from "./errors.js";
export type { HttpListOptions } from "./filter.js";
export type { HttpBulk } from "./bulk.js";
export type { HttpFailure } from "./failure.js";
export type { HttpFlow } from "./flow.js";
export type { HttpQueue } from "./queue.js";
export type { HttpSchedule } from "./schedule.js";
export type { HttpWorker } from "./worker.js";
export type { Pages, PageOptions } from "./pages.js";
export type { HttpInput, HttpResult, HttpTask } from "./task.js";
export type { CallOptions, HttpOptions } from "./transport.js";
export type { Duration } from "./duration.js";
export type * from "./types.js";
