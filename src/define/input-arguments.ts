/**
 * The arguments after a task in the calls that make a job: its input, which may be left out where the task takes none,
 * and options.
 */

/**
 * The input and the options of a job whose task takes an `Input`; `Given` is how the caller may write it, where that
 * differs.
 */
export type InputArguments<Input, Options, Given = Input> = undefined extends Input
  ? [input?: Given, options?: Options]
  : [input: Given, options?: Options];

/**
 * What the compiler names when a call leaves out an input that its task needs. A call that has an argument too few is
 * compared with the overloads that take so few, and only the last of those is reported: it would be the one for names
 * of tasks, with a message about strings. No value has this type.
 */
export interface MissingInput {
  readonly "the input of this task is missing": never;
}
