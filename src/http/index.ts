/** The typed client of the HTTP API, for browsers and wherever `fetch` is. This is all that `import … from "longshore/http"` gives. */
export {
  connectHttp,
  HttpLongshore,
  type HttpEnqueueCall,
  type HttpJobPage,
  type HttpJobRequest,
} from "./http-longshore.js";
export { HttpJob, type HttpJobDocument, type HttpJobRef, type HttpResultOptions } from "./job.js";
export type { HttpJobEvent, HttpLiveEvent, HttpLiveFrame } from "./job-events.js";
export { HttpJobFailed } from "./job-failed.js";
export { HttpError, HttpInvalid, HttpProblem, HttpTimeout, HttpUnreachable, type ProblemDocument } from "./errors.js";
export type { HttpJobConditions, HttpJobFilter, HttpListOptions, HttpNumbers, HttpWindow } from "./filter.js";
export type { Pages, PageOptions } from "./pages.js";
export type { HttpInput, HttpResult, HttpTask } from "./task.js";
export type { CallOptions, HttpOptions } from "./transport.js";
export type { Duration } from "./duration.js";
export type * from "./types.js";
