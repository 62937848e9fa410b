/** Every group of scenarios, from the birth of a job to the end of its queue. A group whose files share it is one. */
import { joinGroups, type ScenarioGroup } from "../context/scenario.js";
import { aside } from "./lease/aside.js";
import { asideCommands } from "./lease/aside-commands.js";
import { control } from "./queue/control.js";
import { retryInput } from "./queue/retry-input.js";
import { update } from "./queue/update.js";
import { dependencies } from "./flow/dependencies.js";
import { dependencyPages } from "./flow/dependency-pages.js";
import { failedDependencies } from "./flow/failed-dependencies.js";
import { documents } from "./document/documents.js";
import { documentLogs } from "./document/document-logs.js";
import { resentDocuments } from "./document/resent-documents.js";
import { endings } from "./outcome/endings.js";
import { ended } from "./outcome/ended.js";
import { enqueue } from "./enqueue/enqueue.js";
import { exchange } from "./lease/exchange.js";
import { longInputs } from "./lease/long-inputs.js";
import { fencing } from "./lease/fencing.js";
import { flowEnd } from "./flow/flow-end.js";
import { flowJoining } from "./flow/flow-joining.js";
import { flowStart } from "./flow/flow-start.js";
import { flowSuperseding } from "./flow/flow-superseding.js";
import { idempotency } from "./enqueue/idempotency.js";
import { heldLeases } from "./lease/held-leases.js";
import { lateCopies } from "./lease/late-copies.js";
import { lateness } from "./lease/lateness.js";
import { lateMembers } from "./flow/late-members.js";
import { builds } from "./lease/builds.js";
import { cancelledSpawns } from "./flow/cancelled-spawns.js";
import { leases } from "./lease/leases.js";
import { suspects } from "./lease/suspects.js";
import { life } from "./outcome/life.js";
import { list } from "./queue/list.js";
import { listConditions } from "./queue/list-conditions.js";
import { listFilters } from "./queue/list-filters.js";
import { obliterate } from "./queue/obliterate.js";
import { order } from "./lease/order.js";
import { outcomes } from "./outcome/outcomes.js";
import { pause } from "./queue/pause.js";
import { platformQueues } from "./queue/platform-queues.js";
import { payload } from "./enqueue/payload.js";
import { read } from "./queue/read.js";
import { report } from "./lease/report.js";
import { retention } from "./outcome/retention.js";
import { watchedRetention } from "./outcome/watched-retention.js";
import { schedules } from "./schedule/schedules.js";
import { sessions } from "./lease/sessions.js";
import { slim } from "./queue/slim.js";
import { failureGroups } from "./failure/groups.js";
import { failureGroupStates } from "./failure/group-states.js";
import { keptFailureGroups } from "./failure/kept-groups.js";
import { steps } from "./outcome/steps.js";
import { partial } from "./outcome/partial.js";
import { series } from "./outcome/series.js";
import { seriesEnds } from "./outcome/series-ends.js";
import { seriesTime } from "./outcome/series-time.js";
import { store } from "./queue/store.js";
import { supersede } from "./enqueue/supersede.js";
import { supersededHooks } from "./enqueue/superseded-hooks.js";
import { tags } from "./enqueue/tags.js";
import { dueTicks } from "./schedule/due-ticks.js";
import { firing } from "./schedule/firing.js";
import { links } from "./flow/links.js";
import { traces } from "./enqueue/traces.js";
import { transitions } from "./outcome/transitions.js";
import { undecodable } from "./enqueue/undecodable.js";
import { unique } from "./enqueue/unique.js";
import { uniqueReplace } from "./enqueue/unique-replace.js";
import { upkeep } from "./outcome/upkeep.js";
import { wait } from "./lease/wait.js";
import { workerCommands } from "./lease/worker-commands.js";
import { wake } from "./lease/wake.js";
import { watch } from "./watch/watch.js";
import { watchMany } from "./watch/many.js";
import { watchMissed } from "./watch/missed.js";
import { watchMissingQueue } from "./watch/missing-queue.js";
import { watchMoves } from "./watch/moves.js";

export const GROUPS: readonly ScenarioGroup[] = joinGroups([
  life,
  ended,
  enqueue,
  payload,
  transitions,
  order,
  exchange,
  longInputs,
  outcomes,
  leases,
  suspects,
  aside,
  asideCommands,
  fencing,
  sessions,
  builds,
  workerCommands,
  idempotency,
  traces,
  control,
  retryInput,
  update,
  report,
  read,
  slim,
  list,
  listFilters,
  listConditions,
  platformQueues,
  tags,
  unique,
  uniqueReplace,
  retention,
  watchedRetention,
  upkeep,
  pause,
  watch,
  watchMoves,
  watchMany,
  watchMissed,
  watchMissingQueue,
  wait,
  obliterate,
  undecodable,
  endings,
  steps,
  store,
  partial,
  series,
  seriesEnds,
  seriesTime,
  failureGroups,
  failureGroupStates,
  keptFailureGroups,
  supersede,
  supersededHooks,
  dependencies,
  dependencyPages,
  failedDependencies,
  links,
  flowStart,
  flowEnd,
  flowJoining,
  flowSuperseding,
  lateMembers,
  cancelledSpawns,
  schedules,
  dueTicks,
  firing,
  lateness,
  lateCopies,
  heldLeases,
  wake,
  documents,
  documentLogs,
  resentDocuments,
]);
