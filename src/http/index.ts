/** The typed client of the HTTP API, for browsers and wherever `fetch` is. This is all that `import … from "longshore/http"` gives. */
export { connectHttp, HttpLongshore, type HttpEnqueueCall, type HttpJobRequest } from "./http-longshore.js";
export { HttpJob, type HttpJobDocument, type HttpJobRef, type HttpResultOptions } from "./handles/job.js";
export type { HttpJobEvent, HttpLiveEvent, HttpLiveFrame } from "./handles/job-events.js";
export { HttpJobFailed } from "./handles/job-failed.js";
export {
  HttpError,
  HttpInvalid,
  HttpProblem,
  HttpTimeout,
  HttpUnreachable,
  type ProblemDocument,
} from "./connection/errors.js";
export type { HttpListOptions } from "./filter.js";
export type { HttpBulk } from "./handles/bulk.js";
export type { HttpFailure } from "./handles/failure.js";
export type { HttpFlow } from "./handles/flow.js";
export type { HttpQueue } from "./handles/queue.js";
export type { HttpSchedule } from "./handles/schedule.js";
export type { HttpWorker } from "./handles/worker.js";
export type { Pages, PageOptions } from "./pages.js";
export type { HttpInput, HttpResult, HttpTask } from "./task.js";
export type { CallOptions, HttpOptions } from "./connection/transport.js";
export type { Duration } from "./connection/duration.js";
export type * from "./connection/types.js";
