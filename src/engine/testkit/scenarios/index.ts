/** Every group of scenarios, from the birth of a job to the end of its queue. */
import type { ScenarioGroup } from "../context/scenario.js";
import { aside } from "./lease/aside.js";
import { control } from "./queue/control.js";
import { dependencies } from "./flow/dependencies.js";
import { endings } from "./outcome/endings.js";
import { enqueue } from "./enqueue/enqueue.js";
import { exchange } from "./lease/exchange.js";
import { fencing } from "./lease/fencing.js";
import { flows } from "./flow/flows.js";
import { idempotency } from "./enqueue/idempotency.js";
import { lateness } from "./lease/lateness.js";
import { lateMembers } from "./flow/late-members.js";
import { leases } from "./lease/leases.js";
import { life } from "./outcome/life.js";
import { list } from "./queue/list.js";
import { obliterate } from "./queue/obliterate.js";
import { order } from "./lease/order.js";
import { outcomes } from "./outcome/outcomes.js";
import { pause } from "./queue/pause.js";
import { payload } from "./enqueue/payload.js";
import { read } from "./queue/read.js";
import { report } from "./lease/report.js";
import { retention } from "./outcome/retention.js";
import { schedules } from "./schedule/schedules.js";
import { sessions } from "./lease/sessions.js";
import { steps } from "./outcome/steps.js";
import { supersede } from "./enqueue/supersede.js";
import { tags } from "./enqueue/tags.js";
import { ticks } from "./schedule/ticks.js";
import { links } from "./flow/links.js";
import { transitions } from "./outcome/transitions.js";
import { undecodable } from "./enqueue/undecodable.js";
import { unique } from "./enqueue/unique.js";
import { upkeep } from "./outcome/upkeep.js";
import { wait } from "./lease/wait.js";
import { wake } from "./lease/wake.js";
import { watch } from "./queue/watch.js";

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
  links,
  flows,
  lateMembers,
  schedules,
  ticks,
  lateness,
  wake,
];
