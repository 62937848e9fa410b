/** The commands on failure groups on SQLite. */
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
import {
  changeGroup,
  codeIn,
  decodeGroup,
  describeGroup,
  GROUP_LETTERS,
  type StoredGroup,
} from "../../shared/failure-groups.js";
import type { Sql } from "../database/sql.js";
import { findBuilds } from "../store/builds.js";
import { findGroup, putGroup } from "../store/queue/failure-groups.js";
import type { Transaction } from "../store/transaction.js";

/** What the commands need of the engine. */
interface Access {
  readonly write: <T>(command: (transaction: Transaction) => T) => Promise<T>;
  readonly read: <T>(query: (sql: Sql) => T) => Promise<T>;
  readonly now: () => number;
}

const NUMBER = "SELECT queue FROM queues WHERE name = ?";
const LIST = `SELECT fingerprint, body FROM failure_groups
  WHERE queue = ? AND (last_at, fingerprint) < (?, ?) AND state IN (SELECT value FROM json_each(?))
  ORDER BY last_at DESC, fingerprint DESC LIMIT ? + 0`;
const DROPPED = "SELECT dropped FROM dropped_groups WHERE queue = ?";
const FILED = "SELECT count(*) FROM (SELECT 1 FROM jobs WHERE queue = ? AND filed = ? LIMIT ? + 0)";

type Found = readonly [fingerprint: string, group: StoredGroup];

export class SqliteFailureGroups implements FailureGroupCommands {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  async failureGroups(query: FailureGroupQuery): Promise<FailureGroupPage> {
    const { queue, states, limit } = query;
    const place = decodePlace(query.after);
    const letters = states?.map((state) => GROUP_LETTERS[state]) ?? Object.values(GROUP_LETTERS);
    return this.#access.read((sql) => {
      const number = numberOf(sql, queue);
      if (number === null) return { groups: [], next: null, dropped: 0 };
      const [lastAt, fingerprint] = [place?.lastAt ?? Number.MAX_SAFE_INTEGER, place?.fingerprint ?? ""];
      const values = [number, lastAt, fingerprint, JSON.stringify(letters), limit + 1] as const;
      const rows = sql.all<[fingerprint: string, body: string]>(LIST, ...values);
      const found = rows.slice(0, limit).flatMap(([print, body]): Found[] => {
        const group = decodeGroup(body);
        return group === null ? [] : [[print, group]];
      });
      const groups = this.#describe(sql, queue, number, found, MOST_FILED_IN_LISTS);
      const last = groups.at(-1);
      const next = rows.length > limit && last !== undefined ? encodePlace(last) : null;
      return { groups, next, dropped: sql.all<[dropped: number]>(DROPPED, number)[0]?.[0] ?? 0 };
    });
  }

  async failureGroup(ref: FailureGroupRef): Promise<FailureGroup | null> {
    return this.#access.read((sql) => this.#read(sql, ref));
  }

  async changeFailureGroup({ queue, fingerprint, state, by }: FailureGroupChange): Promise<FailureGroup | null> {
    return this.#access.write(({ sql, now }) => {
      const number = numberOf(sql, queue);
      const group = number === null ? null : findGroup(sql, number, fingerprint);
      if (number === null || group === null) return null;
      if (changeGroup(group, state, by, now)) putGroup(sql, number, fingerprint, group);
      return this.#read(sql, { queue, fingerprint });
    });
  }

  #read(sql: Sql, { queue, fingerprint }: FailureGroupRef): FailureGroup | null {
    const number = numberOf(sql, queue);
    const group = number === null ? null : findGroup(sql, number, fingerprint);
    if (number === null || group === null) return null;
    return this.#describe(sql, queue, number, [[fingerprint, group]], MOST_FILED)[0] ?? null;
  }

  #describe(sql: Sql, queue: string, number: number, found: readonly Found[], most: number): FailureGroup[] {
    const codes = found.flatMap(([, { builds }]) => builds.map((entry) => [queue, codeIn(entry)] as const));
    const lookUp = findBuilds(sql, codes);
    return found.map(([fingerprint, group]) => {
      const filed = sql.all<[filed: number]>(FILED, number, fingerprint, most)[0]?.[0] ?? 0;
      return describeGroup({ queue, fingerprint }, group, filed, (code) => lookUp(queue, code), this.#access.now());
    });
  }
}

function numberOf(sql: Sql, queue: string): number | null {
  return sql.all<[queue: number]>(NUMBER, queue)[0]?.[0] ?? null;
}
