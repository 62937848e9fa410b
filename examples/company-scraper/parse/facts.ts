// What pages say of a posting beside its title and text, and under which labels.

import type { Posting } from "./posting.js";

export type FactName = "location" | "pay" | "employmentType" | "reference" | "postedOn";
export type Facts = Partial<Pick<Posting, FactName>>;

const labels: Readonly<Record<FactName, RegExp>> = {
  location: /^(?:(?:job |work )?locations?|place(?: of work)?|city|office|where|region)$/,
  pay: /^(?:salary(?: range)?|pay|compensation|wages?|remuneration)$/,
  employmentType: /^(?:(?:job |employment |contract )?type|contract|hours|employment|working hours)$/,
  reference:
    /^(?:(?:job )?ref(?:erence)?(?: (?:no|number))?|job (?:id|number|code)|requisition(?: id)?|vacancy (?:id|number))$/,
  postedOn: /^(?:(?:date )?posted(?: on)?|published(?: on)?)$/,
};

/** Words of a class name that say what an element holds: `job-location`, `posting__salary`. */
const classWords: Readonly<Record<FactName, RegExp>> = {
  location: /^(?:location|place|city|office)$/,
  pay: /^(?:salary|pay|compensation|wage)$/,
  employmentType: /^(?:type|contract|employment)$/,
  reference: /^(?:ref|reference|requisition)$/,
  postedOn: /^(?:posted|published)$/,
};

/** Which fact a label announces; undefined when it is none: `Salary` or `Salary:`. */
export function factNamed(label: string): FactName | undefined {
  const word = label.toLowerCase().replace(/[.:]/g, "").trim();
  return names.find((name) => labels[name].test(word));
}

/** The fact that a line such as `Location: Leeds` states. */
export function factIn(line: string): { name: FactName; value: string } | undefined {
  const [, label = "", value = ""] = /^([\p{L} .]{2,30}?)\s*:\s*(.+)$/u.exec(line) ?? [];
  const name = factNamed(label);
  return name === undefined || value === "" ? undefined : { name, value };
}

/** Which fact an element with these class names holds. */
export function factOfClass(className: string): FactName | undefined {
  const words = className.toLowerCase().split(/[\s_-]+/);
  return names.find((name) => words.some((word) => classWords[name].test(word)));
}

const names = Object.keys(labels) as FactName[];

/** Takes the facts out of `lines`; what is left is the description. */
export function takeFacts(lines: readonly string[]): { facts: Facts; rest: string[] } {
  const facts: Facts = {};
  const rest: string[] = [];
  for (const line of lines) {
    const fact = factIn(line);
    if (fact === undefined) rest.push(line);
    else facts[fact.name] ??= fact.value;
  }
  return { facts, rest };
}
