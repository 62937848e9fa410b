/** The commands on failure groups on Redis. */
import { MOST_FILED, MOST_FILED_IN_LISTS, type FailureGroup } from "../../../model/failure/group.js";
import {
  decodePlace,
  encodePlace,
  type FailureGroupChange,
  type FailureGroupCommands,
  type FailureGroupPage,
  type FailureGroupQuery,
  type FailureGroupRef,
} from "../../contract/failure-groups.js";
import { isFingerprint } from "../../../model/failure/fingerprint.js";
import {
  codeIn,
  decodeGroup,
  describeGroup,
  GROUP_LETTERS,
  shortName,
  type StoredGroup,
} from "../../shared/failure-groups.js";
import type { Link } from "../connection/connection.js";
import { list, number, text } from "../connection/reply.js";
import type { BuildCache } from "./builds.js";

/** A group as it is stored, and how many jobs are filed under it. */
interface Found {
  readonly fingerprint: string;
  readonly group: StoredGroup;
  readonly filed: number;
}

export class RedisFailureGroups implements FailureGroupCommands {
  readonly #link: Link;
  readonly #builds: BuildCache;

  constructor(link: Link, builds: BuildCache) {
    this.#link = link;
    this.#builds = builds;
  }

  async failureGroups({ queue, states, after, limit }: FailureGroupQuery): Promise<FailureGroupPage> {
    const place = decodePlace(after);
    const letters = (states ?? (Object.keys(GROUP_LETTERS) as (keyof typeof GROUP_LETTERS)[])).map(
      (state) => GROUP_LETTERS[state],
    );
    const args = [limit, place?.lastAt ?? "+inf", place?.fingerprint ?? "", letters.join("")];
    const [now, dropped, more, ...values] = list(await this.#link.run("groups", queue, args));
    const found: Found[] = [];
    for (let at = 0; at + 2 < values.length; at += 3) {
      const group = decodeGroup(text(values[at + 1]));
      const filed = Math.min(number(values[at + 2]), MOST_FILED_IN_LISTS);
      if (group !== null) found.push({ fingerprint: text(values[at]), group, filed });
    }
    const groups = await this.#describe(queue, found, number(now));
    const last = groups.at(-1);
    return {
      groups,
      next: number(more) === 1 && last !== undefined ? encodePlace(last) : null,
      dropped: number(dropped),
    };
  }

  async failureGroup(ref: FailureGroupRef): Promise<FailureGroup | null> {
    return this.#one(ref, "", null);
  }

  async changeFailureGroup({ state, by, ...ref }: FailureGroupChange): Promise<FailureGroup | null> {
    return this.#one(ref, GROUP_LETTERS[state], by);
  }

  async #one({ queue, fingerprint }: FailureGroupRef, letter: string, by: string | null): Promise<FailureGroup | null> {
    if (!isFingerprint(fingerprint)) return null;
    const args = [fingerprint, letter, JSON.stringify(by === null ? null : shortName(by))];
    const [body, filed, now] = list(await this.#link.run("group", queue, args));
    const group = body === undefined ? null : decodeGroup(text(body));
    if (group === null) return null;
    const found = { fingerprint, group, filed: Math.min(number(filed), MOST_FILED) };
    return (await this.#describe(queue, [found], number(now)))[0] ?? null;
  }

  async #describe(queue: string, found: readonly Found[], now: number): Promise<FailureGroup[]> {
    const builds = await this.#builds.named(queue, new Set(found.flatMap(({ group }) => group.builds.map(codeIn))));
    return found.map(({ fingerprint, group, filed }) => {
      return describeGroup({ queue, fingerprint }, group, filed, (code) => builds.get(code), now);
    });
  }
}
