/** Every group of scenarios, from the birth of a job to the end of its queue. */
import type { ScenarioGroup } from "../scenario.js";
import { aside } from "./aside.js";
import { control } from "./control.js";
import { dependencies } from "./dependencies.js";
import { endings } from "./endings.js";
import { enqueue } from "./enqueue.js";
import { exchange } from "./exchange.js";
import { fencing } from "./fencing.js";
import { flows } from "./flows.js";
import { idempotency } from "./idempotency.js";
import { lateness } from "./lateness.js";
import { lateMembers } from "./late-members.js";
import { leases } from "./leases.js";
import { life } from "./life.js";
import { list } from "./list.js";
import { obliterate } from "./obliterate.js";
import { order } from "./order.js";
import { outcomes } from "./outcomes.js";
import { pause } from "./pause.js";
import { payload } from "./payload.js";
import { read } from "./read.js";
import { report } from "./report.js";
import { retention } from "./retention.js";
import { schedules } from "./schedules.js";
import { sessions } from "./sessions.js";
import { steps } from "./steps.js";
import { supersede } from "./supersede.js";
import { tags } from "./tags.js";
import { ticks } from "./ticks.js";
import { ties } from "./ties.js";
import { transitions } from "./transitions.js";
import { undecodable } from "./undecodable.js";
import { unique } from "./unique.js";
import { upkeep } from "./upkeep.js";
import { wait } from "./wait.js";
import { wake } from "./wake.js";
import { watch } from "./watch.js";

export const GROUPS: readonly ScenarioGroup[] = [
  life,
  enqueue,
  payload,
  transitions,
  order,
  exchange,
  outcomes,
  leases,
  aside,
  fencing,
  sessions,
  idempotency,
  control,
  report,
  read,
  list,
  tags,
  unique,
  retention,
  upkeep,
  pause,
  watch,
  wait,
  obliterate,
  undecodable,
  endings,
  steps,
  supersede,
  dependencies,
  ties,
  flows,
  lateMembers,
  schedules,
  ticks,
  lateness,
  wake,
];
