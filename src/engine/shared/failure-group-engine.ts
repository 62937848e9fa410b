/** The commands on failure groups of an engine, which passes each on to what carries them out. */
import type { Answer, Params } from "../contract/commands.js";
import type { Awaitable } from "../contract/engine.js";
import type { FailureGroupCommands } from "../contract/failure-groups.js";
import { DocumentEngine } from "./document-engine.js";

export abstract class FailureGroupEngine extends DocumentEngine implements FailureGroupCommands {
  /** What carries out the next command. @throws EngineClosed */
  protected abstract readonly groups: () => FailureGroupCommands;

  failureGroups(params: Params<"failureGroups">): Awaitable<Answer<"failureGroups">> {
    return this.groups().failureGroups(params);
  }

  failureGroup(params: Params<"failureGroup">): Awaitable<Answer<"failureGroup">> {
    return this.groups().failureGroup(params);
  }

  changeFailureGroup(params: Params<"changeFailureGroup">): Awaitable<Answer<"changeFailureGroup">> {
    return this.groups().changeFailureGroup(params);
  }
}
