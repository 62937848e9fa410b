/** The commands on failure groups of an engine, which passes each on to what carries them out. */
import type {
  FailureGroupChange,
  FailureGroupCommands,
  FailureGroupPage,
  FailureGroupQuery,
  FailureGroupRef,
} from "../contract/failure-groups.js";
import type { Awaitable } from "../contract/awaitable.js";
import type { FailureGroup } from "../../model/failure/group.js";
import { DocumentEngine } from "./document-engine.js";

export abstract class FailureGroupEngine extends DocumentEngine implements FailureGroupCommands {
  /** What carries out the next command. @throws EngineClosed */
  protected abstract readonly groups: () => FailureGroupCommands;

  failureGroups(params: FailureGroupQuery): Awaitable<FailureGroupPage> {
    return this.groups().failureGroups(params);
  }

  failureGroup(params: FailureGroupRef): Awaitable<FailureGroup | null> {
    return this.groups().failureGroup(params);
  }

  changeFailureGroup(params: FailureGroupChange): Awaitable<FailureGroup | null> {
    return this.groups().changeFailureGroup(params);
  }
}
