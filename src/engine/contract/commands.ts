/** The commands of the contract by name, and their types, so that an engine writes them once: `held(params: Params<"held">)`. */
import type { Engine } from "./engine.js";

/** The name of a command: of a method of the contract. */
export type CommandName = {
  [Name in keyof Engine]-?: Engine[Name] extends (...args: never[]) => unknown ? Name : never;
}[keyof Engine];

/** What it takes. */
export type Params<Name extends CommandName> = Parameters<Engine[Name]>[0];

/** What it answers, once it has. */
export type Answer<Name extends CommandName> = Awaited<ReturnType<Engine[Name]>>;
