// A task whose code is a module, for the worker that the tests of the command start.
import { module, task } from "longshore";

export const away = task("away", { queue: "aways", attempts: 1, runner: "process" }, module("./child-code.mjs#away"));
