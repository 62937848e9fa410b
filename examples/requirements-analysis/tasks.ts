// The task for workers and servers in processes of their own: `longshore up --tasks build/examples/requirements-analysis/tasks.js`.
// ISSUE_BOOK says where the issues are kept; the default is the book of a demo that was started in the same folder.

import { analysisTask } from "./analysis-task.js";
import { IssueBook } from "./issue-book.js";

export const analyse = analysisTask(new IssueBook(process.env["ISSUE_BOOK"] ?? ".longshore/demo-issues.db"));
