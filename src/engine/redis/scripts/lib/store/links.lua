-- Links between jobs. `dependencies` has what a job depends on, as `id NUL queue NUL id` of both, in lexical order;
-- `dependency` has of each how it ended (the number of its state, REMOVED, or 0 while unfinished) plus POLICY_STEP × its
-- policy and ROUND_STEP × the round in which it ended. `dependents` is the same from the other side; `dependent` has the round in which the dependent waits, unless that
-- is 0.
-- `pending` has the number of unfinished dependencies, `round` how often the job began to wait again; what follows from the
-- ends of others is counted (ends.lua). Mirrors
-- engine/memory/store/dependencies.ts and engine/memory/store/flow.ts.
-- Needs: record.lua, codec.lua, batch.lua, queue.lua, holding.lua, moves.lua, links-read.lua, ends.lua.

-- Removes the links of a removed job with the id of a new one, whose messages are not delivered yet. They are few: of many
-- the messages are delivered before (enqueue.lua).
local function remove_old_links(id)
  if not redis.call('ZSCORE', K.outbox, id) then return end
  local old = links_of('dependencies', id, nil, MOST_LOOKED_AT)
  for i = 1, #old, 2 do remove_link('dependencies', id .. '\0' .. old[i]) end
  flush()
end

-- Writes the links of a new job. `after`: pairs of reference and policy; `flow`: the reference of its flow.
local function link(id, after, flow)
  remove_old_links(id)
  if after then
    for i = 1, #after, 2 do add_link('dependencies', id .. '\0' .. after[i], after[i + 1] * POLICY_STEP) end
    put('pending', id, #after / 2)
  end
  if flow then add_link('dependents', id .. '\0' .. flow) end
  mark_outbox(id)
end

-- How many dependencies there are to wait for again: those that did not succeed.
local function will_wait(id) return sane_number(redis.call('HGET', K.pending, id)) + ends.of(id).lost end

-- Waits again for dependencies that did not succeed; returns how many.
local function restart_waiting(id)
  local waits = will_wait(id)
  ends.restart(id)
  put('pending', id, waits > 0 and waits)
  put('round', id, sane_number(redis.call('HGET', K.round, id)) + 1)
  mark_outbox(id)
  return waits
end

-- Links a member that joins its flow again, as a held one does: a flow that was missing when it first did has cut the link.
local function link_to_flow(id, r)
  local to = has(r, HELD) and flow_of(redis.call('HGET', K.job, id) or '')
  if to and not redis.call('ZSCORE', K.dependents, id .. '\0' .. to) then
    set_flag(r, RETAINED, true)
    add_link('dependents', id .. '\0' .. to)
  end
  mark_outbox(id)
end

-- Moves a blocked job to `delayed` or `queued`, as its time says.
local function make_ready(id, r)
  if r[RUN_AT] <= NOW then r[RUN_AT] = NOW end
  move(id, r, r[RUN_AT] > NOW and DELAYED or QUEUED, 'release')
end

-- Releases a held job; it becomes ready unless dependencies are pending.
local function release_held(id, r, waits)
  set_flag(r, HELD, false)
  waits = waits or (has(r, AFTER) and sane_number(redis.call('HGET', K.pending, id)) or 0)
  if waits == 0 then
    make_ready(id, r)
  else
    save(id, r)
    mark_outbox(id)
  end
end

-- Ends a flow if all its members have ended.
local function complete_flow(id, r, waits)
  if has(r, OPEN) or waits > 0 then return end
  local n = ends.of(id)
  finish(id, r, n.failing > 0 and FAILED or n.lost + n.partial > 0 and PARTIAL or COMPLETED, 'flow-end')
end
